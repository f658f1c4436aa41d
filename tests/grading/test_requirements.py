"""What an answer of the right value has to be besides: declared, finished, worked out, converted."""

import json
import warnings
from dataclasses import dataclass
from pathlib import Path

import pytest
from jsonargparse import ArgumentParser

from revisual.data.sample import Sample
from revisual.grading.grade import Grade
from revisual.grading.grader import AnswerGrader, Grader, grade_response, grade_responses
from revisual.grading.requirements import EVALUATION, REWARDS, VALUE_ALONE, Requirements
from revisual.grading.response import Question, judge

from .requirement_rows import ROWS

SHARED = Path(__file__).parents[3] / "shared" / "grading"
TURNED = {
    "Answer \\( (9+1) \\)": "10", "$\\frac3{3} $": "1", "$-x > -1$": "x < 1", "$-x >= -1$": "x <= 1",
    "1 + \\frac{5}{8}": "13/8", "1 + 5/8": "13/8", "4\\cdot 6, 4\\cdot 7, 40 \\cdot 80": "24, 28, 3200",
    "(2+2/5, 1+3/5)": "(12/5, 8/5)", "The answer is $\\sqrt{16}$": "4", "[$\\sqrt{4}$]": "2",
    "[$\\sqrt{\\sqrt{16}}$]": "2", "3+2": "5",
    "\\frac{2^{2009}-1}{3\\cdot 2^{2008}-1} + 1 - 1": "\\frac{2^{2009}-1}{3\\cdot 2^{2008}-1}",
    "x^4 - x^3 - 13x^2 + 14x + 24 - x^3": "x^{4}-2x^{3}-13x^{2}+14x+24",
    "x^{4} - 2x^{3} - 13x^{2} + 14x + 16 + 8": "x^{4}-2x^{3}-13x^{2}+14x+24",
}  # fmt: skip
"""Rows of cases.jsonl that are right in value and leave work to be done; two sums and products of matrices besides."""
TURNED_HOSTILE = {"hostile/cubic radical", "hostile/radical denest", "hostile/nested frac x50"}


def read(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"no labeled answers: {path} is absent")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def graded(case, requirements):
    response = case["pred"] if case.get("form", "text") == "text" else rf"\boxed{{{case['pred']}}}"
    return judge(response, case["gold"], Question(case.get("question", "")), requirements=requirements)


@pytest.mark.parametrize(
    ("question", "answer", "gold", "unmet"),
    [pytest.param(*row, id=f"{kind}: {row[1]} for {row[2]}") for kind, rows in ROWS.items() for row in rows],
)
def test_rows(question, answer, gold, unmet):
    value = judge(rf"\boxed{{{answer}}}", gold, Question(question))
    assert (value.score, value.error) == (1.0, None)
    assert value.unmet[:1] == (() if unmet is None else (unmet,))
    assert judge(rf"\boxed{{{answer}}}", gold, Question(question), requirements=REWARDS).score == float(unmet is None)


@pytest.mark.parametrize("gold", sorted({row[2] for rows in ROWS.values() for row in rows}))
def test_a_gold_meets_all_requirements(gold):
    assert judge(rf"\boxed{{{gold}}}", gold, requirements=REWARDS).score == 1.0


DECLARED = [
    (r"\boxed{42}", True),
    ("<answer>42</answer>", True),
    ("The answer is 42.", True),
    ("<think>40 + 2</think>答案是42", True),
    ("<think>40 + 2</think>la réponse est 42", True),
    ("42", True),
    ("$42$", True),
    ("<think>Hm.</think> 42 ", True),
    ("42, because 40 + 2 is that.", False),
    (r"It is clear that \(42\) follows", False),
    ("We get 40 + 2 = 42.", False),
    ("<think>The answer is 42.</think> So it is 42 then, I guess.", False),
    (f"<answer>{'There are 6 rows of 7 with none hidden in the picture. ' * 3} So 42 it is</answer>", False),
]


@pytest.mark.parametrize(("response", "is_declared"), DECLARED)
def test_declared(response, is_declared):
    grade = judge(response, "42")
    assert grade.score == 1.0 and grade.unmet == (() if is_declared else ("declared",))
    assert judge(response, "42", requirements=EVALUATION).score == 1.0


@pytest.mark.parametrize(
    ("response", "is_declared"),
    [
        (r"\boxed{B}", True),
        ("The answer is (B).", True),
        ("B", True),
        ("Therefore, B.", True),
        ("Figure B is not so large as the others that can be seen in the picture here.", False),
        ("Which is red? (A) car (B) bus", False),
        ("<answer>Which is red? (A) car (B) bus</answer>", False),
        ("(A) car (B) bus. The answer is B", True),
    ],
)
def test_declared_options(response, is_declared):
    grade = judge(response, "B", Question("Which is red? (A) car (B) bus"), requirements=REWARDS)
    assert grade.score == float(is_declared)


@pytest.mark.parametrize(
    ("response", "is_paid"),
    [
        (r"So \boxed{42}", True),
        (r"<think>6 * 7</think>So \boxed{42}. Let me ch", True),
        ("<answer>42</answer> and", True),
        (r"\boxed{42} or rather \boxed{4", False),
        (r"\boxed{42", False),
        ("<answer>42", False),
        ("<answer>42</answer> <answer>4", False),
        (r"<think>\boxed{42}", False),
        (r"\boxed{42} <think> let me", False),
        ("The answer is 42", False),
        ("42", False),
    ],
)
def test_finished(response, is_paid):
    cut = judge(response, "42", Question(truncated=True), requirements=EVALUATION)
    assert cut.score == float(is_paid)
    if cut.is_right and not is_paid:
        assert cut.rule.endswith("/unfinished")


def test_a_response_whose_end_is_unknown_is_taken_as_finished():
    assert judge("The answer is 42", "42", Question(truncated=None), requirements=REWARDS).score == 1.0
    assert judge("The answer is 42", "42", Question(truncated=False), requirements=REWARDS).score == 1.0


def test_each_switch_refuses_for_its_own_reason():
    grade = Grade(1.0, "x", "sentence/number", unmet=("declared", "worked_out"))
    assert REWARDS.apply(grade) == Grade(0.0, "x", "sentence/undeclared", unmet=grade.unmet)
    assert EVALUATION.apply(grade).rule == "sentence/not_worked_out"
    assert Requirements(declared=False, worked_out=False).apply(grade) == grade
    assert VALUE_ALONE.score(REWARDS.apply(grade)) == 1.0 and EVALUATION.score(grade) == 0.0
    assert REWARDS.score(Grade(0.5, "x", "own/rule")) == 0.5


def test_a_switch_makes_a_difference_where_it_alone_decides():
    both, one, none = (Grade(1.0, "x", "a/b", unmet=unmet) for unmet in (("declared", "converted"), ("declared",), ()))
    wrong = Grade(0.0, "x", "a/b")
    assert REWARDS.count_differences([both, one, none, wrong])["declared"] == 1
    assert EVALUATION.count_differences([both, one, none, wrong]) == {
        "declared": 1, "finished": 0, "worked_out": 0, "converted": 1,
    }  # fmt: skip


def test_restated_questions_are_never_paid():
    cases = read("restated.jsonl")
    for requirements in (REWARDS, EVALUATION):
        verdicts = [(graded(case, requirements).score == 1.0) == case["expected"] for case in cases]
        assert all(verdicts) and len(verdicts) == 47
    assert sum(graded(case, VALUE_ALONE).score == 1.0 for case in cases) > 40  # it is the requirements that decide


def test_golds_are_whole_under_what_rewards_require():
    cases = read("golds.jsonl")
    assert [case["gold"] for case in cases if graded(case, REWARDS).score != 1.0] == []


def test_no_right_verdict_is_lost_but_those_that_leave_work():
    lost = [c for c in read("cases.jsonl") if graded(c, VALUE_ALONE).score > graded(c, EVALUATION).score]
    named = [case for case in lost if case["pred"] not in TURNED]
    assert len(named) == 2 and all("pmatrix" in case["pred"] for case in named)
    assert {case["pred"] for case in lost} >= set(TURNED)
    lost = {c["source"] for c in read("hostile.jsonl") if graded(c, VALUE_ALONE).score > graded(c, EVALUATION).score}
    assert lost <= TURNED_HOSTILE and len(lost) >= 2  # type checks in tests use up the stack that the third one needs


def test_whether_it_was_cut_is_part_of_the_request():
    sample = Sample(id="q", answer="42")
    grades = AnswerGrader().grade_all(["The answer is 42"] * 3, [sample] * 3, [True, False, None])
    assert [grade.score for grade in grades] == [0.0, 1.0, 1.0]
    assert AnswerGrader()("The answer is 42", "42", sample, True).rule == "sentence/unfinished"


def test_a_config_sets_the_switches():
    parser = ArgumentParser()
    parser.add_argument("--grader", type=Grader)
    text = {"class_path": "revisual.grading.grader.AnswerGrader", "init_args": {"requirements": {"declared": False}}}
    grader = parser.instantiate_classes(parser.parse_object({"grader": text})).grader
    assert grader == AnswerGrader(requirements=EVALUATION)


@dataclass(frozen=True)
class OfTheLastRelease(Grader):
    def __call__(self, response: str, answer: str, sample: Sample | None = None) -> Grade:
        return Grade(float(response == answer), response, "own/own")

    def extract(self, response: str, sample: Sample | None = None) -> str:
        return response

    def equal(self, a: str, b: str, sample: Sample | None = None) -> bool:
        return a == b


@dataclass(frozen=True)
class OldInBulk(OfTheLastRelease):
    def grade_all(self, responses, samples):
        return [Grade(1.0, response, "own/bulk") for response in responses]


def test_graders_of_the_last_release_go_on_with_one_line_of_warning():
    sample = Sample(id="q", answer="42")
    with pytest.warns(FutureWarning, match=r"OfTheLastRelease.__call__ takes no `truncated`") as caught:
        assert grade_responses(OfTheLastRelease(), ["42", "41"], [sample] * 2, [True, False])[1].score == 0.0
        assert grade_response(OfTheLastRelease(), "42", "42", sample, True).score == 1.0
    assert len(caught) == 1
    with pytest.warns(FutureWarning, match=r"OldInBulk.grade_all takes no `truncated`"):
        assert grade_responses(OldInBulk(), ["41"], [sample], [None])[0].rule == "own/bulk"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        grade_responses(AnswerGrader(), ["42"], [sample], [None])
