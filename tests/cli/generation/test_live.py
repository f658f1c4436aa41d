import io
import json

import pytest
from PIL import Image
from rich.console import Console

from revisual.cli.generation.live import LiveAnswer, stream_answer
from revisual.cli.generation.questions_file import answer_file
from revisual.client.request import Decoding
from revisual.data.encoding import PromptEncoder
from revisual.data.images import ImageSource
from revisual.data.sample import Sample
from revisual.evaluation.policy_responder import load_responder
from revisual.grading.grader import AnswerGrader

GRADER = AnswerGrader()
SAMPLED = Decoding(temperature=1.0, top_p=0.9, max_tokens=12)


@pytest.fixture(scope="module")
def responder(policy_folder):
    return load_responder(str(policy_folder), SAMPLED, rows=4)


def test_a_stream_is_the_whole_answer(responder):
    encoder = PromptEncoder(responder.encoder.processor)
    image = ImageSource(image=Image.new("RGB", (40, 40), "red"))
    for sample in (Sample("a", "What is 7 + 5?"), Sample("b", "Which colours?", images=[image, image])):
        pieces = []
        response, is_cut = stream_answer(responder.policy, encoder, sample, SAMPLED, 3, pieces.append)
        assert "".join(pieces) == response and len(pieces) > 1
        assert stream_answer(responder.policy, encoder, sample, SAMPLED, 3, lambda _: None) == (response, is_cut)
        assert stream_answer(responder.policy, encoder, sample, SAMPLED, 4, lambda _: None)[0] != response


def test_a_greedy_stream_is_what_the_engine_says(responder, policy_folder, tmp_path):
    """Two implementations: transformers' loop and the project's."""
    greedy = Decoding(max_tokens=8)
    (tmp_path / "questions.jsonl").write_text('{"id": "a", "question": "What is 7 + 5?"}\n')
    engine = load_responder(str(policy_folder), greedy, rows=4)
    encoder = PromptEncoder(engine.encoder.processor)
    assert answer_file(tmp_path / "questions.jsonl", tmp_path / "out.jsonl", engine, encoder, GRADER) == 1
    said = json.loads((tmp_path / "out.jsonl").read_text())["response"]
    sample = Sample("a", "What is 7 + 5?")
    assert stream_answer(engine.policy, encoder, sample, greedy, 0, lambda _: None)[0] == said


def shown(*pieces, is_cut=False, terminal=True):
    screen = io.StringIO()
    colors = "standard" if terminal else "auto"
    live = LiveAnswer(Console(file=screen, force_terminal=terminal, width=60, color_system=colors))
    for piece in pieces:
        live.say(piece)
    live.end(GRADER.extract("".join(pieces)), is_cut)
    return screen.getvalue()


def test_thoughts_are_dim_and_the_answer_is_in_a_box():
    text = shown("<think>6 *", " 7</think>", "It is \\boxed{42}", ".")
    assert "\x1b[2m6 *" in text and "\x1b[2m<think>" in text and "\x1b[2mIt is" not in text
    assert "─ answer ─" in text and "\x1b[1m42\x1b[0m" in text


def test_without_a_terminal_there_are_no_codes():
    text = shown("<think>6 *", " 7</think>", "It is \\boxed{42}", ".", terminal=False)
    assert "\x1b" not in text and text.startswith("<think>6 * 7</think>It is \\boxed{42}.\n")


def test_no_answer_is_said():
    assert "no answer within the limit" in shown("<think>Hm", is_cut=True)
    assert "no answer found" in shown("<think>Hm")


def test_a_hostile_answer_moves_no_cursor():
    assert "\x1b[2J" not in shown("\x1b[2J\\boxed{\x1b[2J}")
