import pytest

from evaluation.answers_of import Textual, answer, failed, figures
from revisual.evaluation.benchmarks import DynaMath


def variants(qid, scores, index=0):
    fields = [{"qid": qid, "variant": number} for number in range(1, len(scores) + 1)]
    return [answer(f"q{qid}_v{one['variant']}", score, index, **one) for one, score in zip(fields, scores, strict=True)]


def dynamath(answers):
    return figures(DynaMath().metrics(answers, Textual()))


def test_dynamath_average_and_worst_case():
    found = dynamath(variants(1, [1] * 10) + variants(2, [1] * 9 + [0]) + variants(3, [0] * 10))
    assert (found["worst_case"].value, found["worst_case"].n) == (pytest.approx(1 / 3), 3)
    assert (found["average"].value, found["average"].n) == (pytest.approx(19 / 30), 3)
    assert DynaMath().metrics([], Textual()).headline.name == "worst_case"


def test_dynamath_counts_complete_questions_only_in_its_worst_case():
    lost = failed("q2_v10", qid=2, variant=10)
    found = dynamath(variants(1, [1] * 10) + variants(2, [1] * 9) + [lost] + variants(3, [1] * 4))
    assert (found["worst_case"].value, found["worst_case"].n) == (1.0, 1)
    assert (found["average"].value, found["average"].n) == (1.0, 3)


def test_dynamath_worst_case_of_several_runs_is_their_mean():
    found = dynamath(variants(1, [1] * 10, 0) + variants(1, [1] * 9 + [0], 1) + variants(2, [0] * 10, 0))
    # Question 1 is right in one of two runs: 1 of 3 complete runs in all.
    assert found["worst_case"].value == pytest.approx(1 / 3)
