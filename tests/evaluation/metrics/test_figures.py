"""Counts of answers, and what a benchmark's figures are called."""

from dataclasses import replace

from evaluation.answers_of import answer, failed, undecided
from revisual.evaluation.answers import TRUNCATED
from revisual.evaluation.metrics.figures import Counts, Figure, Metrics, counts


def test_what_no_figure_counts_is_counted_apart():
    cut = replace(answer("d", 0, extracted=""), finish_reason=TRUNCATED)
    answers = [answer("a", 1), answer("a", 0, 1), answer("b", 0), failed("c"), undecided("e"), cut]
    assert counts(answers) == Counts(problems=5, answers=6, failed=1, undecided=1, truncated=1, unanswered=1)
    assert counts([]) == Counts(0, 0, 0, 0, 0, 0)


def test_the_headline_by_the_other_rules_is_found_by_its_name():
    one, other = Figure("pass@1", 0.5, 4), Figure("official_rules/pass@1", 0.75, 4)
    assert Metrics("b", one, (Figure("level/1", 0.5, 2), other), counts([])).by_other_rules == other
    assert Metrics("b", one, (Figure("level/1", 0.5, 2),), counts([])).by_other_rules is None
