import time

import pytest

from revisual.rewards.normalization import is_words, normalized, to_latex


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (r"\text{East}.", "east"),
        ("$42$", "42"),
        (r"\[ 42 \]", "42"),
        (r"\$32,\!348", "32348"),
        (r"11,\! 111,\! 111,\! 100", "11111111100"),
        ("1,000", "1000"),
        ("10{,}000", "10000"),
        (r"\left( 3, \dfrac{\pi}{2} \right)", r"(3,\frac{\pi}{2})"),
        (r"\frac12", r"\frac{1}{2}"),
        (r"30^\circ", "30°"),
        ("４２", "42"),
        ("4\u200b2", "42"),
        ("No  Solution", "no solution"),
        (r"\text{(C)}", "C"),
        ("b", "B"),
        ("x²", "x^{2}"),
        ("−3", "-3"),
        ("②③", "2,3"),
        (r"\begin{bmatrix} 1 \\ 2 \end{bmatrix}", r"\begin{pmatrix}1\\2\end{pmatrix}"),
    ],
)
def test_same(a, b):
    assert normalized(a) == normalized(b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("(1,000)", "(1000)"),
        ("1,00", "100"),
        ("1.000", "1000"),
        ("x²", "x2"),
        ("x", "X"),
        ("12", "21"),
        ("1½", "11/2"),
        ("②③", "23"),
        ("1 2", "12"),
        (r"1 \\ 2", "1 2"),
    ],
)
def test_different(a, b):
    assert normalized(a) != normalized(b)


def test_to_latex():
    assert to_latex("$½ √2 x²$") == r"1/2 \sqrt{2} x^{2}"
    assert to_latex("1½") == "1 1/2"


def test_words():
    assert is_words("no solution")
    assert not is_words("x")
    assert not is_words("2 apples")


@pytest.mark.parametrize("unit", ["\\text{", "$", " ", "\\frac", "1,", "a ", "\\text{}", "\\!", "²", "½", "{,}"])
def test_long_input_takes_linear_time(unit):
    start = time.perf_counter()
    normalized(unit * (300_000 // len(unit)))
    assert time.perf_counter() - start < 1.0
