"""The grader as training and evaluation use it: the rules, behind the pool."""

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from revisual.core.errors import UserError
from revisual.data.sample import Sample
from revisual.grading.grader import AnswerGrader, Grade

from .sandbox.processes import children, needs_proc

HOSTILE = Path(__file__).parents[3] / "shared/grading/hostile.jsonl"
GRADER = AnswerGrader()
BRIEF = AnswerGrader(max_response_bytes=20)


def boxed(answer):
    return rf"<think>Hm. \boxed{{0}}</think> It is \boxed{{{answer}}}."


def numbered(count, wrong=()):
    samples = [Sample(id=str(n), question=f"What is {n}?", answer=str(n)) for n in range(count)]
    return [boxed(n + (n in wrong)) for n in range(count)], samples


def test_a_right_and_a_wrong_answer():
    grade = GRADER(boxed("0.5"), r"\frac{1}{2}")
    assert (grade.score, grade.extracted, grade.error) == (1.0, "0.5", None) and grade.rule.startswith("boxed/")
    assert GRADER(boxed("0.4"), r"\frac{1}{2}").score == 0.0
    assert GRADER("<think>Hm", "42") == Grade(0.0, "", "none")


def test_the_sample_is_asked_along():
    sample = Sample(id="q", question="Which?", answer="B", choices=["12 cm", "15 cm"])
    assert GRADER(boxed("15 cm"), "B", sample).score == 1.0
    assert GRADER(boxed("A"), "B", sample).score == 0.0


def test_extract_and_equal():
    assert GRADER.extract(boxed("42")) == "42" and GRADER.extract("<think>Hm") == ""
    assert GRADER.equal("0.5", r"\frac{1}{2}") is True and GRADER.equal("0.5", "0.4") is False


@pytest.mark.parametrize("workers", [1, 2])
def test_a_batch_of_a_thousand_keeps_its_order(workers):
    wrong = {7, 500, 999}
    responses, samples = numbered(1000, wrong)
    grades = AnswerGrader(workers=workers, deadline_seconds=5.0).grade_all(responses, samples)
    assert [grade.extracted for grade in grades] == [str(n + (n in wrong)) for n in range(1000)]
    assert {n for n, grade in enumerate(grades) if grade.score == 0.0} == wrong


def test_what_is_there_twice_is_judged_once():
    responses, samples = numbered(2)
    timed = GRADER.grade_timed([*responses, *responses], [*samples, *samples])
    assert timed[:2] == timed[2:] and timed[0] != timed[1]
    assert timed[0].seconds > 0


def test_an_answer_to_another_question_is_not_the_same():
    responses, samples = numbered(2)
    assert [g.score for g in GRADER.grade_all([responses[0]] * 2, samples)] == [1.0, 0.0]


@pytest.mark.parametrize(
    ("response", "answer", "sample"),
    [
        ("é" * 11, "1", None),
        ("1", "2" * 21, None),
        ("1", "1", Sample(id="q", question="x" * 21, answer="1")),
        ("1", "1", Sample(id="q", answer="1", choices=["1", "x" * 21])),
    ],
)
def test_too_long_is_an_error_and_costs_nothing(response, answer, sample):
    assert BRIEF(response, answer, sample) == Grade(0.0, "", "none", "too_long")
    assert BRIEF("é" * 10, "1", None).error is None
    assert BRIEF.extract("é" * 11) == "" and BRIEF.equal("1" * 21, "1" * 21) is False


def test_two_long_ones_among_others():
    responses, samples = numbered(3)
    grades = AnswerGrader(max_response_bytes=100).grade_all([responses[0], "x" * 101, responses[2]], samples)
    assert [grade.error for grade in grades] == [None, "too_long", None]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"workers": 0}, "workers"),
        ({"memory_mb": -1}, "memory_mb"),
        ({"max_response_bytes": 0}, "max_response_bytes"),
        ({"deadline_seconds": 0.0}, "deadline_seconds"),
        ({"deadline_seconds": float("nan")}, "deadline_seconds"),
    ],
)
def test_bad_settings_are_named(options, named):
    with pytest.raises(UserError, match=f"AnswerGrader: {named}: expected"):
        AnswerGrader(**options)


def test_other_threads():
    responses, samples = numbered(60)
    with ThreadPoolExecutor(6) as threads:
        grades = list(threads.map(lambda n: GRADER(responses[n], samples[n].answer, samples[n]), range(60)))
    assert [grade.extracted for grade in grades] == [str(n) for n in range(60)]


def test_asynchronous_code():
    responses, samples = numbered(20)

    async def ask():
        direct = GRADER(responses[0], "0")
        asked = [asyncio.to_thread(GRADER, r, s.answer, s) for r, s in zip(responses, samples, strict=True)]
        return [direct, *await asyncio.gather(*asked)]

    assert [grade.score for grade in asyncio.run(ask())] == [1.0] * 21


@needs_proc
def test_hostile_responses_end_soon_and_leave_nothing(tmp_path, monkeypatch):
    if not HOSTILE.exists():
        pytest.skip(f"no hostile cases: {HOSTILE} is absent")
    cases = [json.loads(line) for line in HOSTILE.read_text().splitlines()]
    monkeypatch.chdir(tmp_path)
    GRADER.warm_up()
    before, slowest = children(), 0.0
    for case in cases:
        response = case["pred"] if case["form"] == "text" else rf"\boxed{{{case['pred']}}}"
        began = time.monotonic()
        grade = GRADER(response, case["gold"])
        slowest = max(slowest, time.monotonic() - began)
        assert case["expected"] or grade.score == 0.0, case["source"]
    print(f"slowest of {len(cases)}: {slowest:.3f} s")
    assert slowest < 5.0  # below 1 s on a free core
    assert len(children()) == len(before) and list(tmp_path.iterdir()) == []
