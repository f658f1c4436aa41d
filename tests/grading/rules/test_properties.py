"""An answer equals itself however it is spelled, and differs from its neighbors."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from revisual.grading.response import equal, judge

QUICK = settings(max_examples=60, deadline=None)

WHOLE = st.integers(-(10**7), 10**7)

RATIONAL = st.builds(Fraction, st.integers(-999, 999), st.integers(2, 99))

ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")

WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def right(answer, gold):
    return judge(rf"\boxed{{{answer}}}", gold).score == 1.0


def spellings(number):
    """A whole number as people and machines write it."""
    text, grouped = str(number), f"{number:,}"
    return [
        text,
        f" {text} ",
        f"+{text}" if number > 0 else text,
        f"{text}.0",
        f"${text}$",
        rf"\text{{{text}}}",
        rf"\({text}\)",
        f"({text})",
        grouped,
        grouped.replace(",", "{,}"),
        grouped.replace(",", r",\!"),
        grouped.replace(",", " "),
        grouped.replace(",", "\u202f"),
        text.translate(ARABIC),
        text.translate(WIDE),
        "\u200b".join(text),
        text.replace("-", "−"),
        rf"\boxed{{{text}}}",
        f"{text}.",
        rf"\frac{{{2 * number}}}{{2}}",
        f"{2 * number}/2",
        f"x={text}",
        rf"{text}\text{{ cm}}",
        f"{text}e0",
    ]


@QUICK
@given(WHOLE, st.data())
def test_a_whole_number_equals_its_spellings(number, data):
    spelled = data.draw(st.sampled_from(spellings(number)))
    assert right(spelled, str(number))


@QUICK
@given(WHOLE, st.data())
def test_a_whole_number_differs_from_its_neighbors(number, data):
    other = data.draw(st.sampled_from([number + 1, number - 1, 10 * number + 1, -number - 1, number + 100]))
    spelled = data.draw(st.sampled_from(spellings(other)))
    assert not right(spelled, str(number))


@QUICK
@given(RATIONAL)
def test_a_fraction_equals_its_spellings(number):
    top, bottom = number.numerator, number.denominator
    gold = rf"\frac{{{top}}}{{{bottom}}}"
    assert right(f"{top}/{bottom}", gold)
    assert right(rf"-\dfrac{{{-top}}}{{{bottom}}}", gold)
    assert right(rf"\frac{{{3 * top}}}{{{3 * bottom}}}", gold)
    assert right(repr(float(number)), gold) or len(repr(float(number))) < 17
    whole, rest = divmod(abs(top), bottom)
    sign = "-" if top < 0 else ""
    if whole and rest and not sign:
        assert right(rf"{whole}\frac{{{rest}}}{{{bottom}}}", gold)
        assert right(f"{whole} {rest}/{bottom}", gold)


@QUICK
@given(RATIONAL)
def test_an_exact_gold_accepts_no_rounded_decimal(number):
    rounded = f"{float(number):.4f}"
    assert right(rounded, str(number)) == (Fraction(rounded) == number)


@QUICK
@given(RATIONAL, st.integers(2, 5))
def test_a_decimal_gold_accepts_what_rounds_to_it(number, places):
    gold = f"{float(number):.{places}f}"
    digits = gold.replace(".", "").lstrip("-0")
    exact = Fraction(gold) == number
    assert right(f"{number.numerator}/{number.denominator}", gold) == (
        exact or (len(digits) >= 2 and number.denominator > 1)
    )


@QUICK
@given(st.text(max_size=60), st.text(max_size=20))
def test_any_text_gets_a_grade(response, gold):
    grade = judge(response, gold)
    assert grade.score in (0.0, 1.0)
    assert grade.error in (None, "unparsable_gold", "too_costly")


@QUICK
@given(st.text(r"\{}()[]$0123456789.,+-*/^_!|=<>xyabc %", max_size=40))
def test_any_formula_gets_a_grade_and_votes_are_symmetric(text):
    assert judge(rf"\boxed{{{text}}}", "1").error is None
    assert equal(text, "1") is equal("1", text)
