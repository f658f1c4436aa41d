import pytest

from revisual.rewards.cost import is_costly


@pytest.mark.parametrize(
    "text",
    [
        "9^9^9^9",
        "2**10**10",
        "2^{10^{10}}",
        "{9^9}^{9^9}",
        "2^{1+10^{10}}",
        "10^{1000000}",
        "(10^{1000})^{1000}",
        "((10^{99})^{99})^{99}",
        "((9!)!)!",
        "1000!",
        r"\binom{1000000}{500000}",
        r"\binom{10^6}{10^5}",
        r"\sum_{k=1}^{1000000000} k",
        r"\int_0^1 e^{-x^2} dx",
        r"\sqrt[1000000000]{2}",
        "(x+1)^{1000}",
        "1" * 41,
        "(" * 50 + "1" + ")" * 50,
        r"\frac{1}{" * 50 + "1" + "}" * 50,
        "{" * 5000,
    ],
)
def test_refused(text):
    assert is_costly(text)


@pytest.mark.parametrize(
    "text",
    [
        r"2011^{2009}\cdot(1005^{2011}-1004^{2011})",
        r"\frac{2^{2009}-1}{3\cdot 2^{2008}-1}",
        r"{40 \choose 20}^3",
        r"\binom{5}{2}",
        "5!",
        "n!",
        "e^{x^2}",
        "x^{2023}",
        "(x+1)^2(x-1)^{10}",
        r"\sqrt[3]{2+\sqrt{5}}",
        r"F_n = \sum_{k=0}^{n-1} F_k F_{n-k-1}",
        r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}",
        "(2,\\infty)",
    ],
)
def test_allowed(text):
    assert not is_costly(text)
