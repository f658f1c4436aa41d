import json

import pytest

from revisual.cli.generation.questions_file import answer_file
from revisual.client.journal import read_journal
from revisual.client.request import Decoding
from revisual.data.encoding import PromptEncoder
from revisual.evaluation.policy_responder import load_responder
from revisual.grading.grader import AnswerGrader

GRADER = AnswerGrader()
SAMPLED = Decoding(temperature=1.0, top_p=0.9, max_tokens=12)


@pytest.fixture(scope="module")
def responder(policy_folder):
    return load_responder(str(policy_folder), SAMPLED, rows=4)


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


def test_the_questions_are_not_written_over(responder, questions):
    from revisual.core.errors import UserError

    with pytest.raises(UserError, match="file of the questions"):
        answer_file(questions, questions, responder, responder.encoder, GRADER)
