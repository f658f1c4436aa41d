"""Units in words and in formulas."""

import pytest

from revisual.grading.rules.unit_phrases import rewrite_units


@pytest.mark.parametrize("text", ["x^2+1", "5", r"\frac{m}{s}", "a/b", "2x/y", "the bus", "3m + 2s", "n! / k!"])
def test_formulas_are_no_units(text):
    assert rewrite_units(text) == text
