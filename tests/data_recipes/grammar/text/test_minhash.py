import numpy as np

from revisual.data_recipes.grammar.text.minhash import MinHash
from revisual.data_recipes.grammar.text.shingles import shingles


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
