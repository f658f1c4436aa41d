"""`revisual generate` with a tiny policy."""

import io
import json

import pytest
from PIL import Image
from rich.console import Console

from revisual.cli.generation.live import LiveAnswer, stream_answer
from revisual.cli.generation.questions_file import answer_file
from revisual.cli.main import main
from revisual.client.journal import read_journal
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


@pytest.fixture
def picture(tmp_path):
    Image.new("RGB", (60, 40), "red").save(tmp_path / "red.png")
    return tmp_path / "red.png"


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


def test_on_the_command_line(policy_folder, picture, capfd):
    words = [f"--model={policy_folder}", "--question=Which?", "--image", str(picture), str(picture), "--max_tokens=5"]
    assert main(["generate", *words]) == 0
    greedy = capfd.readouterr().out
    assert main(["generate", *words]) == 0 and capfd.readouterr().out == greedy
    assert main(["generate", *words, "--do_sample", "--n=3", "--temperature=1.5", "--top_k=50"]) == 0
    out = capfd.readouterr().out
    assert all(f"{i} of 3" in out for i in (1, 2, 3))


QUESTIONS = [
    {"id": "a", "question": "Which colour?", "images": ["red.png"], "answer": "red"},
    {"id": "b", "question": "Which?", "choices": ["one", "two"]},
    {"id": "c", "question": "What is 7 + 5?"},
]


@pytest.fixture
def questions(tmp_path, picture):
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in QUESTIONS))
    return path


def test_a_file_of_questions(policy_folder, questions, tmp_path):
    out = tmp_path / "out.jsonl"
    words = [f"--model={policy_folder}", f"--questions={questions}", f"--out={out}", "--do_sample", "--max_tokens=5"]
    assert main(["generate", *words, "--n=2", "--rows=3"]) == 0
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(row["id"], row["sample_index"]) for row in rows] == [(q["id"], j) for q in QUESTIONS for j in (0, 1)]
    assert (
        rows[0]["answer"] == "red" and rows[2]["choices"] == ["one", "two"] and rows[4]["question"] == "What is 7 + 5?"
    )
    assert all(1 <= row["tokens"] <= 5 and row["finish_reason"] in ("stop", "length") for row in rows)
    assert not out.with_name("out.jsonl.journal").exists()
    assert main(["grade", str(out), f"--out={tmp_path / 'graded.jsonl'}"]) in (0, 1)  # two have no gold answer


def test_an_interrupted_file_is_gone_on_with(responder, questions, tmp_path, monkeypatch):
    out, encoder = tmp_path / "out.jsonl", PromptEncoder(responder.encoder.processor)
    journal = out.with_name("out.jsonl.journal")
    generate, answered = responder.engine.generate, []

    def once(prompts, *rest):
        if answered:
            raise KeyboardInterrupt
        answered.extend(prompts)
        return generate(prompts, *rest)

    monkeypatch.setattr(responder.engine, "generate", once)
    monkeypatch.setattr(responder, "rows", 1)
    with pytest.raises(KeyboardInterrupt):
        answer_file(questions, out, responder, encoder, GRADER)
    kept = list(read_journal(journal))
    assert len(kept) == 1 and not out.exists()
    answered.clear()
    monkeypatch.setattr(
        responder.engine, "generate", lambda prompts, *rest: answered.extend(prompts) or generate(prompts, *rest)
    )
    assert answer_file(questions, out, responder, encoder, GRADER) == 3
    assert [prompt.id for prompt in answered] == ["b", "c"]
    assert json.loads(out.read_text().splitlines()[0])["response"] == kept[0].response


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ([], "--question"),
        (["--question=a", "--questions=b"], "only one"),
        (["--questions=b"], "--out"),
        (["--question=a", "--out=b"], "--out"),
        (["--questions=b", "--out=c", "--image", "d"], "images"),
        (["--question=a", "--n=2"], "--do_sample"),
        (["--question=a", "--n=0"], "--n"),
        (["--question=a", "--do_sample", "--temperature=0"], "--temperature"),
        (["--question=a", "--do_sample", "--top_p=2"], "top_p"),
        (["--question=a", "--max_tokens=0"], "max_tokens"),
        (["--question=a", "--max_tokens=many"], "max_tokens"),
        (["--question=a", "--image", "no/such.png"], "no/such.png"),
        (["--question=a"], "no/such/folder"),
        (["--question=a", "--topp=1"], "topp"),
    ],
)
def test_mistakes_are_one_line(options, named, capsys):
    assert main(["generate", "--model=no/such/folder", *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("revisual generate: ") and named in line


def test_the_questions_are_not_written_over(responder, questions):
    from revisual.core.errors import UserError

    with pytest.raises(UserError, match="file of the questions"):
        answer_file(questions, questions, responder, responder.encoder, GRADER)
