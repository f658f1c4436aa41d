import random
from itertools import pairwise

from revisual.data_recipes.grammar.text.shingles import runs, token_ids


def test_runs_are_those_of_the_tokens():
    tokens = [random.Random(1).choice("abcd") for _ in range(50)]
    found = runs(token_ids(tokens), 2)
    assert len(set(found.tolist())) == len(set(pairwise(tokens)))
    assert len(runs(token_ids(["a"]), 3)) == 0
