"""Texts in one spelling, how alike they are, and how candidates are found."""

import random
import re
from itertools import pairwise

import numpy as np
import pytest

from revisual.data_recipes.grammar.grouping import UnionFind, buckets
from revisual.data_recipes.grammar.text.canonical import canonical
from revisual.data_recipes.grammar.text.likeness import Likeness, compare, compare_within
from revisual.data_recipes.grammar.text.minhash import MinHash
from revisual.data_recipes.grammar.text.numbers import with_digits
from revisual.data_recipes.grammar.text.overlap import OverlapIndex
from revisual.data_recipes.grammar.text.shingles import runs, shingles, token_ids

from .planting import in_words


@pytest.mark.parametrize("number", [0, 7, 13, 20, 42, 100, 101, 119, 250, 999, 1000, 1001, 2345, 12_000, 99_999])
def test_numbers_in_words_are_digits(number):
    words = in_words(number).replace("-", " ").split()
    assert with_digits(["of", *words, "things"]) == ["of", str(number), "things"]


def test_lists_of_numbers_stay_lists():
    assert canonical("sixty, forty, ninety, one hundred, seventy").tokens == ("60", "40", "90", "100", "70")
    assert canonical("one hundred and one hundred and fifty").tokens == ("100", "and", "150")
    assert with_digits(["six", "seven"]) == ["6", "7"]


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


DIFFERENT = [
    ("What is 3 + 4 in the ring of integers?", "What is 3 - 4 in the ring of integers?"),
    ("Find the sum of 12 and 5 apples in all.", "Find the sum of 12 and 6 apples in all."),
    ("A number 1 2", "A number 12"),
    ("Compute the area.", "Who was the king?"),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_questions_are_not_the_same(one, other):
    assert compare(canonical(one), canonical(other)).likeness in (Likeness.TWIN, Likeness.DIFFERENT)


def test_a_synonym_per_sentence_is_the_same_question_and_a_template_a_twin():
    text = "Mia buys 12 apples at the market. She gives 5 of them to her brother. How many apples does she have left?"
    other = (
        "Mia purchases 12 apples at the market. She gives 5 of them to her sibling. How many apples does she have now?"
    )
    assert compare(canonical(text), canonical(other)).likeness == Likeness.SAME
    twin = text.replace("12", "31").replace("5", "9")
    assert compare(canonical(text), canonical(twin)).likeness == Likeness.TWIN


def test_a_question_is_found_within_a_longer_text():
    question = "How many positive divisors does the number 360 have?"
    long = (
        f"Read carefully and answer with one number. {question.upper()} Give reasons for each step that you take here."
    )
    assert compare_within(canonical(question), canonical(long)).likeness in (Likeness.EQUAL, Likeness.SAME)
    other = long.replace("360", "361")
    assert compare_within(canonical(question), canonical(other)).likeness == Likeness.TWIN


def test_signatures_estimate_the_share_in_common():
    rng = np.random.default_rng(0)
    minhash = MinHash(bands=64, rows=4)
    for share in (0.2, 0.5, 0.8):
        common = rng.integers(0, 2**63, 400, dtype=np.uint64)
        only = rng.integers(0, 2**63, (2, round(400 * (1 / share - 1) / 2)), dtype=np.uint64)
        sets = [np.concatenate([common, one]) for one in only]
        true = len(np.intersect1d(*sets)) / len(np.union1d(*sets))
        agree = (minhash.signature(sets[0]) == minhash.signature(sets[1])).mean()
        assert abs(agree - true) < 4 * (true * (1 - true) / 256) ** 0.5


def test_texts_of_another_salt_never_meet():
    members = shingles(["what", "is", "six", "times", "seven"], (1, 2))
    minhash = MinHash()
    assert (minhash.keys(members, 1) == minhash.keys(members, 1)).all()
    assert not (minhash.keys(members, 1) == minhash.keys(members, 2)).any()


def test_runs_are_those_of_the_tokens():
    tokens = [random.Random(1).choice("abcd") for _ in range(50)]
    found = runs(token_ids(tokens), 2)
    assert len(set(found.tolist())) == len(set(pairwise(tokens)))
    assert len(runs(token_ids(["a"]), 3)) == 0


def test_the_index_finds_what_shares_most():
    known = [
        canonical(f"What is the {word} of {n} and {n + 1} in base ten?")
        for word in ("sum", "product")
        for n in range(20, 40)
    ]
    index = OverlapIndex(known)
    place, share = index.candidates(canonical("WHAT IS THE PRODUCT OF 25 and twenty-six in base 10?"))[0]
    assert (place, round(share, 6)) == (25, 1.0)
    assert index.candidates(canonical("Name a colour.")) == []
    assert OverlapIndex([]).candidates(canonical("anything")) == []


def test_groups():
    groups = UnionFind(6)
    groups.join(4, 2)
    groups.join(5, 4)
    assert [groups.find(k) for k in range(6)] == [0, 1, 2, 3, 2, 2]
    assert [list(b) for b in buckets(np.array([3, 1, 3, 2, 1, 3], dtype=np.uint64))] == [[1, 4], [0, 2, 5]]


def test_long_texts_are_linear():
    text = "x" * 200_000 + " \\frac{1}{2}" * 2000
    assert len(canonical(text).tokens) > 4000
    assert re.fullmatch("x+", canonical(text).tokens[0])
