import numpy as np

from revisual.data_recipes.grammar.grouping import UnionFind, buckets


def test_groups():
    groups = UnionFind(6)
    groups.join(4, 2)
    groups.join(5, 4)
    assert [groups.find(k) for k in range(6)] == [0, 1, 2, 3, 2, 2]
    assert [list(b) for b in buckets(np.array([3, 1, 3, 2, 1, 3], dtype=np.uint64))] == [[1, 4], [0, 2, 5]]
