"""Sentences of a text, by hand."""

from revisual.rewards.sentences import sentences


def test_sentences():
    assert sentences(" One.  Two!\nthree\n\n 3.5? Yes...no ") == ["one.", "two!", "three", "3.5?", "yes...no"]
    assert sentences("") == sentences(" \n ") == []
