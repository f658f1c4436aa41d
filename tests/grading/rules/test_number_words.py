"""Numbers in words."""

import pytest

from revisual.grading.rules.number_words import read_number_words

SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip

TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def in_words(number):
    """An independent spelling of the numbers below a million."""
    if number < 20:
        return SMALL[number]
    if number < 100:
        return TENS[number // 10] + (f"-{SMALL[number % 10]}" if number % 10 else "")
    if number < 1000:
        rest = f" and {in_words(number % 100)}" if number % 100 else ""
        return f"{SMALL[number // 100]} hundred{rest}"
    rest = f" {in_words(number % 1000)}" if number % 1000 else ""
    return f"{in_words(number // 1000)} thousand{rest}"


def test_numbers_in_words():
    for number in [*range(1200), *range(1200, 999_999, 997)]:
        assert read_number_words(in_words(number)) == str(number)
        assert read_number_words(f"negative {in_words(number)}") == f"-{number}"


@pytest.mark.parametrize("text", ["one of them", "two or three", "east", "no one", "ten to one", "", "and", "hundred"])
def test_words_that_are_no_numbers(text):
    assert read_number_words(text) is None
