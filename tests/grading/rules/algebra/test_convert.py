"""What is too large is never built."""

import time

import pytest

from revisual.grading.response import judge
from revisual.grading.rules.algebra.convert import to_sympy
from revisual.grading.rules.fields import Unsupported
from revisual.grading.rules.reading import read

COSTLY = ["x^{7^{10^6}}", "200000! x", r"x^{200000!}", r"\binom{10^6}{5} x", "(x+1)^{10^9}", r"\sum_{k=1}^{n} k^{10^9}"]


@pytest.mark.parametrize("formula", COSTLY)
def test_large_powers_and_factorials_are_refused_before_they_are_built(formula):
    began = time.process_time()
    with pytest.raises((Unsupported, AttributeError)):
        to_sympy(read(formula).tree).doit()
    judge(rf"\boxed{{{formula}}}", "xy=6")
    judge(r"\boxed{6/x}", formula)
    assert time.process_time() - began < 5  # minutes, where they are built
