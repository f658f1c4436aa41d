"""Choices by letter."""

from revisual.data.choices import label, option_of, with_letters, without_letters


def test_letters_are_put_once_and_taken_off():
    assert with_letters(label(["B", "15"])) == ["A. B", "B. 15"]
    assert without_letters(["A. B", "B. 15"]) == ["B", "15"]
    assert option_of("B", ["12", "15"]) == "15" and option_of("C", ["12", "15"]) == ""
