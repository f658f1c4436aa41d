import math
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.answers_of import Textual, answer, failed, undecided, values
from revisual.evaluation.metrics.repeats import classes, majority_score, pass_at_k
from revisual.evaluation.metrics.standard import standard_metrics


def of(answers, **options):
    return standard_metrics("b", answers, Textual(), **options)


@pytest.mark.parametrize("n", range(1, 8))
def test_pass_at_k_counts_subsets(n):
    for right in range(n + 1):
        answers = [1] * right + [0] * (n - right)
        for k in range(1, n + 1):
            subsets = list(combinations(answers, k))
            assert pass_at_k(n, right, k) == pytest.approx(sum(map(any, subsets)) / len(subsets))


@given(st.integers(1, 400), st.data())
def test_pass_at_k_is_one_minus_a_ratio_of_binomials(n, data):
    right, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    expected = 1 - math.comb(n - right, k) / math.comb(n, k)  # exact integers in Python
    assert pass_at_k(n, right, k) == pytest.approx(expected, abs=1e-12)


def test_pass_at_k_refuses_what_cannot_be():
    for n, right, k in [(4, 1, 5), (4, 5, 1), (4, 1, 0), (4, -1, 1)]:
        with pytest.raises(ValueError, match="pass@"):
            pass_at_k(n, right, k)


def test_classes_go_by_the_first_member():
    def near(a, b):
        return abs(int(a) - int(b)) <= 1

    assert classes(["1", "2", "3", "", "9", "1"], near) == [0, 0, 1, -1, 2, 0]


@pytest.mark.parametrize(
    ("labels", "scores", "expected"),
    [
        ([0, 0, 1], [1.0, 1.0, 0.0], 1.0),
        ([0, 1, 1], [1.0, 0.0, 0.0], 0.0),
        ([0, 1], [1.0, 0.0], 0.5),
        ([0, 1, 2], [1.0, 0.0, 0.0], 1 / 3),
        ([-1, -1, 0], [0.0, 0.0, 1.0], 1.0),
        ([-1, -1], [0.0, 0.0], 0.0),
        ([], [], 0.0),
    ],
)
def test_majority(labels, scores, expected):
    assert majority_score(labels, scores) == pytest.approx(expected)


def test_repeats_of_two_problems():
    first = [answer("p", score, index) for index, score in enumerate([1, 0, 0, 1])]
    second = [answer("q", score, index) for index, score in enumerate([0, 0, 0, 0])]
    found = values(of(first + second))
    assert found["avg@4"] == 0.25
    assert found["pass@2"] == pytest.approx((5 / 6 + 0) / 2)
    assert found["pass@4"] == 0.5
    assert found["maj@2"] == 0.25  # a tie of the first two answers
    assert found["maj@4"] == 0.25
    assert set(found) == {"avg@4", "pass@2", "maj@2", "pass@4", "maj@4"}


def test_votes_are_for_equal_answers_and_none_for_no_answer():
    said = ["1/2", "", "0.5", "7"]
    scores = [1, 0, 1, 0]
    answers = [answer("p", *both, extracted=text) for text, *both in zip(said, scores, range(4), strict=True)]

    class Numeric(Textual):
        def equal(self, a, b, sample=None):
            return {a, b} <= {"1/2", "0.5"} or a == b

    assert values(standard_metrics("b", answers, Numeric()))["maj@4"] == 1.0
    assert values(standard_metrics("b", answers, Textual()))["maj@4"] == pytest.approx(2 / 3)


def test_order_of_lines_does_not_matter():
    answers = [answer("p", score, index) for index, score in enumerate([1, 0, 0])]
    assert values(of(answers[::-1])) == values(of(answers))


def test_single_answers_have_no_repeats():
    assert values(of([answer("p", 1), answer("q", 0)])) == {"pass@1": 0.5}


def test_a_problem_with_too_few_verdicts_is_left_out_of_larger_k():
    answers = [answer("p", 1, 0), answer("p", 0, 1), answer("q", 1, 0), failed("q", 1), undecided("r", 0)]
    metrics = of(answers)
    by_name = {figure.name: figure for figure in (metrics.headline, *metrics.figures)}
    assert (by_name["avg@2"].value, by_name["avg@2"].n) == (0.75, 2)
    assert (by_name["pass@2"].value, by_name["pass@2"].n) == (1.0, 1)
