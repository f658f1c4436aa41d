import pytest

from evaluation.answers_of import Textual, answer, failed, figures, undecided, values
from revisual.evaluation.cleaning import ORIGINAL_GOLD
from revisual.evaluation.metrics.figures import Counts, Figure
from revisual.evaluation.metrics.standard import standard_metrics


def of(answers, **options):
    return standard_metrics("b", answers, Textual(), **options)


def test_no_answers():
    metrics = of([])
    assert metrics.headline == Figure("pass@1", None, 0)
    assert metrics.figures == ()
    assert metrics.counts == Counts(0, 0, 0, 0, 0, 0)


def test_failures_never_lower_a_score():
    assert of([answer("a", 1), failed("b"), undecided("c")]).headline.value == 1.0
    assert of([failed("b")]).headline.value is None


def test_splits_by_a_field_and_by_each_value_of_a_list():
    answers = [
        answer("a", 1, level=2, skills=["x", "y"]),
        answer("b", 0, level=10, skills=["y"]),
        answer("c", 1, level=10, skills=[]),
        answer("d", 0, level=None, skills=None),
    ]
    found = figures(of(answers, by=["level", "skills"]))
    assert [name for name in found if "/" in name] == ["level/2", "level/10", "skills/x", "skills/y"]
    assert {name: (one.value, one.n) for name, one in found.items() if "/" in name} == {
        "level/2": (1.0, 1),
        "level/10": (0.5, 2),
        "skills/x": (1.0, 1),
        "skills/y": (0.5, 2),
    }
    assert found["level/2"].low is None
    assert found["level/10"].low <= 0.5 <= found["level/10"].high


def test_avg_at_n_weighs_problems_alike_however_many_verdicts_they_have():
    answers = [answer("a", 1, 0), answer("a", 1, 1), answer("a", 0, 2), answer("b", 0, 0), failed("b", 1)]
    assert values(of(answers))["avg@3"] == pytest.approx((2 / 3 + 0) / 2)


def test_figures_by_the_original_golds():
    clean = answer("a", 1, extracted="11", **{ORIGINAL_GOLD: "11 "})
    spelled_as_it_was = answer("b", 0, extracted="69{degrees}", **{ORIGINAL_GOLD: "69{degrees}"})
    found = values(of([clean, spelled_as_it_was, answer("c", 1), failed("d", **{ORIGINAL_GOLD: "x"})]))
    assert found == {"pass@1": pytest.approx(2 / 3), "original_golds/pass@1": pytest.approx(2 / 3)}
    found = values(of([clean, answer("c", 1)]))
    assert found == {"pass@1": 1.0, "original_golds/pass@1": 0.5}
