import itertools

import pytest

from revisual.cli.generation.thoughts import ThoughtSplitter

WHOLE = "<think>6 < 7 </b> * 7</think>It is <b>42</b>. <think>Or</think> 43 <thin"
THOUGHTS, REST = "<think>6 < 7 </b> * 7</think><think>Or</think>", "It is <b>42</b>.  43 <thin"


def split(pieces):
    splitter = ThoughtSplitter()
    parts = [part for piece in pieces for part in splitter.add(piece)]
    return [*parts, *splitter.end()]


def joined(parts, is_thought):
    return "".join(text for kind, text in parts if kind == is_thought)


@pytest.mark.parametrize("size", [*range(1, 12), 1000])
def test_pieces_of_any_size(size):
    parts = split([WHOLE[i : i + size] for i in range(0, len(WHOLE), size)])
    assert joined(parts, True) == THOUGHTS and joined(parts, False) == REST
    assert "".join(text for _, text in parts) == WHOLE


def test_every_way_to_cut_a_short_answer():
    whole = "a<think>b</think>c"
    for places in itertools.combinations(range(1, len(whole)), 3):
        cuts = [0, *places, len(whole)]
        parts = split([whole[a:b] for a, b in itertools.pairwise(cuts)])
        assert (joined(parts, True), joined(parts, False)) == ("<think>b</think>", "ac")


def test_nothing_waits_longer_than_it_must():
    splitter = ThoughtSplitter()
    assert list(splitter.add("It is ")) == [(False, "It is ")]
    assert list(splitter.add("1 <")) == [(False, "1 ")]
    assert list(splitter.add(" 2")) == [(False, "< 2")]


def test_thoughts_without_an_end():
    assert split(["<think>Hm, ", "well </th"]) == [(True, "<think>"), (True, "Hm, "), (True, "well "), (True, "</th")]
