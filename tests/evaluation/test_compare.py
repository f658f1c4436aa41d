from itertools import product
from statistics import fmean

import pytest

from revisual.core.errors import UserError
from revisual.evaluation.answers import ScoredAnswer
from revisual.evaluation.compare import compare, only_in_one


def answers(scores, benchmark="sums"):
    """Per item the scores of its answers; None for a failure."""
    return [
        ScoredAnswer(benchmark, id, index, "", "stop", "", "", score or 0.0, None if score is not None else "timeout")
        for id, found in scores.items()
        for index, score in enumerate(found)
    ]


def test_a_paired_difference():
    a = answers({"1": [1.0, 0.0], "2": [0.0, 0.0], "3": [1.0, 1.0], "4": [1.0], "5": [None]})
    b = answers({"3": [1.0], "1": [1.0], "2": [0.0], "5": [1.0], "6": [0.0]})
    (found,) = compare(a, b)
    assert (found.n, found.a, found.b, found.mean) == (3, 0.5, pytest.approx(2 / 3), pytest.approx(1 / 6))
    assert (found.gained, found.lost, found.left_out) == (1, 0, 3)


def test_the_interval_is_that_of_all_resamples():
    """Of four problems there are 4^4 resamples: their quantiles, which random ones come near."""
    differences = [1.0, 0.0, 0.0, -1.0]
    means = sorted(fmean(draw) for draw in product(differences, repeat=4))
    low, high = means[int(0.025 * 256)], means[int(0.975 * 256)]
    a = answers({str(i): [max(0.0, -d)] for i, d in enumerate(differences)})
    b = answers({str(i): [max(0.0, d)] for i, d in enumerate(differences)})
    (found,) = compare(a, b)
    assert (found.low, found.high) == (pytest.approx(low, abs=0.2), pytest.approx(high, abs=0.2))
    assert found.mean == 0 and not found.is_clear


def test_pairs_tell_more_than_means():
    """B is right wherever A is, and on 10 of 100 besides: the means' own intervals overlap, the pairs are clear."""
    a = answers({str(i): [float(i < 50)] for i in range(100)})
    b = answers({str(i): [float(i < 60)] for i in range(100)})
    (found,) = compare(a, b)
    assert found.mean == pytest.approx(0.1) and 0.03 < found.low < found.high < 0.17 and found.is_clear
    assert compare(a, a)[0].mean == 0 and not compare(a, a)[0].is_clear


@pytest.mark.parametrize(("a", "b", "low", "high"), [(0, 0, -0.138, 0.138), (0, 1, 0.724, 1.0), (1, 0, -1.0, -0.724)])
def test_problems_that_all_differ_alike_leave_room(a, b, low, high):
    first, second = (answers({str(i): [float(score)] for i in range(24)}) for score in (a, b))
    (found,) = compare(first, second)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))
    assert found.is_clear == (a != b)
    (few,) = compare(answers({"1": [0.0], "2": [0.0]}), answers({"1": [1.0], "2": [1.0]}))
    assert not few.is_clear


def test_several_benchmarks():
    a, b = answers({"1": [1.0]}) + answers({"1": [0.0]}, "a"), answers({"1": [1.0]}, "a") + answers({"1": [0.0]}, "b")
    (found,) = compare(a, b)
    assert (found.benchmark, found.mean, found.low, found.is_clear) == ("a", 1.0, None, False)
    assert only_in_one(a, b) == ["b", "sums"]
    with pytest.raises(UserError, match="no answered question in common"):
        compare(a, answers({"2": [1.0]}))
