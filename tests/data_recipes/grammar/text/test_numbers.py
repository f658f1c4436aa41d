import pytest

from data_recipes.grammar.planting import in_words
from revisual.data_recipes.grammar.text.canonical import canonical
from revisual.data_recipes.grammar.text.numbers import with_digits


@pytest.mark.parametrize("number", [0, 7, 13, 20, 42, 100, 101, 119, 250, 999, 1000, 1001, 2345, 12_000, 99_999])
def test_numbers_in_words_are_digits(number):
    words = in_words(number).replace("-", " ").split()
    assert with_digits(["of", *words, "things"]) == ["of", str(number), "things"]


def test_lists_of_numbers_stay_lists():
    assert canonical("sixty, forty, ninety, one hundred, seventy").tokens == ("60", "40", "90", "100", "70")
    assert canonical("one hundred and one hundred and fifty").tokens == ("100", "and", "150")
    assert with_digits(["six", "seven"]) == ["6", "7"]
