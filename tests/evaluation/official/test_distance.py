import pytest

from revisual.evaluation.official.distance import levenshtein


def slow_distance(a, b):
    if not a or not b:
        return len(a) + len(b)
    same = slow_distance(a[1:], b[1:])
    return same if a[0] == b[0] else 1 + min(same, slow_distance(a[1:], b), slow_distance(a, b[1:]))


@pytest.mark.parametrize("pair", ["kitten sitting", "abc abc", "a ", " abc", "flaw lawn", "abcd dcba", "Yes no"])
def test_levenshtein(pair):
    a, _, b = pair.partition(" ")
    assert levenshtein(a, b) == levenshtein(b, a) == slow_distance(a, b)
