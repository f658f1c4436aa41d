import re

import pytest

from revisual.data_recipes.grammar.text.canonical import canonical
from revisual.data_recipes.grammar.text.likeness import Likeness, compare

SPELLINGS = [
    (r"Compute $\dfrac{1}{2} + \frac34$.", "compute 1/2 + 3/4"),
    (r"If $x^2\le 4$ and $y\cdot z \geq 2$", r"if \(x^{2} \leq 4\) and \(y \times z \ge 2\)"),
    (r"an angle of $30^\circ$", "AN ANGLE of 30°"),
    ("He paid 1,250 dollars, i.e. 20%.", "he paid one thousand two hundred and fifty dollars, i.e. twenty percent."),
    (r"Let $f(x)=\left\lvert x\right\rvert$ and $\pi$", "Let f(x) = |x| and π"),
    (r"\text{Find } \sqrt{2}\,x", "find √2 x"),
    (r"\frac{\frac{1}{2}}{3}", "1/2/3"),
]


@pytest.mark.parametrize(("one", "other"), SPELLINGS)
def test_spellings_of_one_text_are_equal(one, other):
    assert compare(canonical(one), canonical(other)).likeness == Likeness.EQUAL


def test_long_texts_are_linear():
    text = "x" * 200_000 + " \\frac{1}{2}" * 2000
    assert len(canonical(text).tokens) > 4000
    assert re.fullmatch("x+", canonical(text).tokens[0])
