"""The steps by which an answer is judged, in words."""

import json

import pytest

from revisual.cli.main import main
from revisual.data.sample import Sample
from revisual.grading.explain import explain
from revisual.grading.grader import AnswerGrader
from revisual.grading.response import Question, judge

from .rules.pairs import RIGHT, WRONG


def steps(response, gold, question=""):
    return "\n".join(explain(response, gold, Question(question)))


@pytest.mark.parametrize(
    ("gold", "answer"), [pair for rows in (*RIGHT.values(), *WRONG.values()) for pair in rows[::4]]
)
def test_the_last_step_is_the_verdict(gold, answer):
    grade = judge(rf"\boxed{{{answer}}}", gold)
    assert explain(rf"\boxed{{{answer}}}", gold)[-1].startswith(f"score {grade.score:.0f} by {grade.rule}")


def test_the_steps_say_where_the_answer_was_found_and_how_it_was_read():
    said = steps(r"<think>\boxed{7}</think> So \boxed{2x+1}.", "y=2x+2")
    assert "in the last box, '2x+1'" in said
    assert "the gold answer 'y=2x+2' is read as y = (2*x) + 2" in said
    assert "the answer '2x+1' is read as (2*x) + 1" in said


def test_the_steps_name_the_tolerance_and_the_switch_that_a_verdict_hangs_on():
    said = steps(r"\boxed{3.1416}", "3.14")
    assert "a decimal leaves a tolerance: 0.0016 below and 0.0032 above" in said
    assert "the verdict depends on round_golds=true" in said
    assert "depends" not in steps(r"\boxed{7}", "7")


def test_the_steps_name_options_thoughts_hedges_and_algebra():
    said = steps("The answer is (C).", "B", "Which? (A) 2 (B) 4 (C) 6")
    assert "the gold answer names option B" in said and "the response names option C" in said
    assert "never closed" in steps("<think>42", "42")
    assert "alternatives were left open: not equal" in steps("It is 7 or 8.", "7")
    assert "computer algebra decided: equal" in steps(r"\boxed{6/x}", "xy=6")


def test_the_grader_explains_within_its_limits():
    assert AnswerGrader().explain(r"\boxed{25}", r"25\%", Sample(id="1"))[-1] == "score 1 by boxed/number"
    assert AnswerGrader(max_response_bytes=10).explain("x" * 11, "1") == ["not judged: too_long"]


def test_the_command_adds_steps(tmp_path, capsys):
    cases, graded = tmp_path / "cases.jsonl", tmp_path / "graded.jsonl"
    cases.write_text(json.dumps({"response": r"\boxed{12.04}", "answer": "12.0"}) + "\n")
    main(["grade", str(cases), "--out", str(graded), "--explain", "true"])
    row = json.loads(graded.read_text())
    assert row["score"] == 0 and row["steps"][-1] == "score 0 by boxed/number"
    assert "the verdict depends on whole_floats_are_exact=true" in row["steps"]
    main(["grade", str(cases), "--out", str(graded)])
    assert "steps" not in json.loads(graded.read_text())
