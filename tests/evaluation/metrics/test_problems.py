"""Answers by problem, and shares over problems."""

import pytest

from evaluation.answers_of import answer, failed, undecided
from revisual.evaluation.metrics.problems import by_field, gather, mean_figure, ratio_figure


def test_answers_are_gathered_in_order_and_what_has_no_verdict_is_left_out():
    problems = gather([answer("b", 1, 1), answer("a", 0), failed("c"), answer("b", 0, 0), undecided("a")])
    assert [(problem.id, problem.score) for problem in problems] == [("b", 0.5), ("a", 0.0)]
    assert [one.sample_index for one in problems[0].answers] == [0, 1]


def test_a_figure_of_nothing_has_no_value():
    figure = mean_figure("accuracy", [])
    assert (figure.value, figure.n, figure.low, figure.high) == (None, 0, None, None)


def test_a_mean_lies_within_its_interval():
    figure = mean_figure("accuracy", [1.0, 0.0, 0.0, 1.0, 1.0])
    assert figure.value == pytest.approx(0.6) and figure.n == 5
    assert 0 <= figure.low < 0.6 < figure.high <= 1


def test_a_ratio_is_of_sums_in_each_group_and_their_mean():
    figure = ratio_figure("share", [[1.0, 0.0], [1.0, 3.0]], [[4.0, 1.0], [0.0, 5.0]])
    assert figure.value == pytest.approx((2 / 4 + 3 / 6) / 2)


def test_groups_are_by_number_and_a_list_counts_in_each():
    problems = gather([answer("a", 1, level=10), answer("b", 0, level=["2", "10"]), answer("c", 1)])
    figures = by_field("level", problems, lambda problem: problem.score)
    assert [(figure.name, figure.value, figure.n) for figure in figures] == [("level/2", 0.0, 1), ("level/10", 0.5, 2)]
