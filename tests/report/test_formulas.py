"""Formulas in reports: typeset where they are sound, and else shown as they were written."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revisual.report.formulas import LONGEST_FORMULA, LONGEST_TEXT, MOST_FORMULAS, formula, typeset, typeset_answer
from revisual.report.html import element

from .parsing import parse


def shown(source):
    """The tree of a formula without its source."""
    (math,) = parse(element("p", formula(source))).all("math")
    (row,) = math.all("semantics")[0].all("mrow")[:1]
    return row


def math_of(text):
    """What is typeset of a text, by its sources."""
    return [node.words for node in parse(element("p", *typeset(text))).all("annotation")]


def test_a_fraction_a_root_and_powers():
    row = shown(r"\frac{1}{2} + \sqrt[3]{x_1^{10}}")
    (fraction,), (root,), (power,) = row.all("mfrac"), row.all("mroot"), row.all("msubsup")
    assert [part.words for part in fraction.children] == ["1", "2"]
    assert root.children[1].words == "3" and [part.words for part in power.children] == ["x", "1", "10"]


def test_signs_matrices_and_words():
    assert shown(r"a<b \le 90^\circ\times\pi").words == "a<b≤90∘×π"
    cells = shown(r"\begin{pmatrix}1&2\\3&4\end{pmatrix}").all("mtd")
    assert [cell.words for cell in cells] == ["1", "2", "3", "4"]
    cells = shown(r"\begin{aligned}a&=b\\&=c\end{aligned}").all("mtd")
    assert [cell.words for cell in cells] == ["a", "=b", "", "=c"]
    assert shown(r"\text{50\% off}").all("mtext")[0].words == "50%\xa0off"


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("Find $x$.", ["x"]),
        (r"\(y\), \[z\] and $$w$$", ["y", "z", "w"]),
        (r"so \boxed{\frac{1}{2}}", [r"\boxed{\frac{1}{2}}"]),
        (r"so $\boxed{4}$", [r"\boxed{4}"]),
        (r"\boxed{two words}", [r"\boxed{\text{two words}}"]),
        ("It costs $5 and $10, or $6-$7.", []),
        (r"\$5 and \$6", []),
        (r"a line \\(no formula\\)", []),
        ("$ no$ and $no $", []),
        ("$over\n\na paragraph$", []),
        (r"\boxed{never closed", []),
        ("no formula", []),
        ("", []),
    ],
)
def test_what_is_a_formula(text, sources):
    assert math_of(text) == sources


def test_a_formula_on_lines_of_its_own():
    displays = [node.attributes["display"] for node in parse(element("p", *typeset(r"\[x\] \(y\)"))).all("math")]
    assert displays == ["block", "inline"]


def test_the_text_around_stays():
    assert [part if isinstance(part, str) else "_" for part in typeset("a $x$ b $y$")] == ["a ", "_", " b ", "_"]


def test_a_box_is_drawn():
    (box,) = shown(r"\boxed{42}").all("mrow", class_="boxed")
    assert box.words == "42"


def test_an_answer_needs_no_delimiters():
    assert "mfrac" in str(typeset_answer(r"\frac{1}{2}")[0]) and "msup" in str(typeset_answer("x^2")[0])
    assert typeset_answer("12 cm") == ["12 cm"] and typeset_answer("A < B") == ["A < B"]


UNFIT = [
    r"\frac{1}", r"\frac{", "x^", r"\left( x", r"\begin{matrix}", r"\unknown{x}", "", " ", "1 & 2",
    r"\href{javascript:alert(1)}{x}", r"\style{position:fixed}{x}", r"\class{question}{x}", r"\color{white}{x}",
    r"\phantom{4}", r"\rlap{4}5", r"\llap{4}5", r"\hspace{9999em}", r"\hspace{-90em}", r"\rule{99em}{99em}",
    r"\raise{9em}{x}", r"\Huge x", r"\cancel{x}", r"\def\a{\a\a}\a", r"\newcommand{\a}{x}\a",
    r"\mathchoice{1}{2}{3}{4}", "\u202ex", "x\u2066y", "\x00", "\ud800", "&#60;", "\\sqrt" * 100 + "x",
    "{" * 400 + "x" + "}" * 400, "x" * 1001,
]  # fmt: skip


@pytest.mark.parametrize("source", UNFIT)
def test_what_is_broken_or_more_than_mathematics_stays_as_it_is(source):
    assert formula(source) is None
    assert typeset(f"a \\({source}\\) b") == [f"a \\({source}\\) b"]


@pytest.mark.parametrize("tag", ["script", "img src=x onerror=alert(1)", "/math", "annotation-xml", "style"])
def test_markup_in_a_formula_is_text(tag):
    for source in (f"<{tag}>", rf"\text{{<{tag}>}}", rf"\frac{{<{tag}>}}{{2}}", rf"\boxed{{<{tag}>}}"):
        tree = parse(element("p", *typeset(f"$${source}$$")))
        assert [child.tag for child in tree.children] == ["p"]
        assert not [node for name in ("script", "img", "style", "annotation-xml") for node in tree.all(name)]
        assert math_of(f"$${source}$$") == [source]


PIECES = ["\\frac", "\\sqrt", "\\text", "\\left", "\\right", "\\begin{array}", "\\end{array}", "\\boxed", "\\limits"]
PIECES += ["\\\\", "\\", "12", "<b>", "é", "\u202e", *"{}[]()^_'&$x \n"]


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_any_text_is_sound_markup(text):
    tree = parse(element("p", *typeset(text), *typeset_answer(text)))
    assert not tree.all("b") and [child.tag for child in tree.children] == ["p"]


LARGE = {
    "opened only": "$a " * 16_000, "dollars": "$" * 49_000, "boxes": r"\boxed{" * 7_000, "brackets": r"\[" * 24_000,
    "backslashes": "\\" * 49_000, "too long": "$x$ " * 20_000,
    "many": " ".join(f"${i}^2$" for i in range(7_000))[:49_000],
    "one too long": "$" + "x" * 40_000 + "$", "nested boxes": (r"\boxed{" + "{" * 9) * 3_000,
}  # fmt: skip


@pytest.mark.parametrize("name", LARGE)
def test_a_large_text_takes_little_time(name):
    began = time.process_time()
    parts = typeset(LARGE[name])
    assert time.process_time() - began < 3 and sum(not isinstance(part, str) for part in parts) <= MOST_FORMULAS


def test_a_large_formula_takes_little_time():
    draw = random.Random(0)
    for _ in range(300):
        source = "".join(draw.choices(PIECES, k=400))[:LONGEST_FORMULA]
        began = time.process_time()
        formula(source)
        assert time.process_time() - began < 0.5, source


def test_the_limits_are_those_that_are_named():
    assert formula("x" * LONGEST_FORMULA) is not None and formula("x" * (LONGEST_FORMULA + 1)) is None
    assert len(typeset("$x$" + " " * (LONGEST_TEXT - 3))) == 2 and len(typeset("$x$" + " " * LONGEST_TEXT)) == 1
    assert len(math_of("$x$ " * (MOST_FORMULAS + 1))) == MOST_FORMULAS
