"""The fullest pass that a config can lead to."""

import pytest

from revisual.memory_plan.workload import cut_evenly


@pytest.mark.parametrize(
    ("rows", "group", "limit", "shared", "expected"),
    [
        (1024, 8, 1000, True, [[8]] * 128),  # 100 + 8 x 100 tokens to a pass
        (1024, 8, 450, True, [[3], [3], [2]] * 128),  # groups that are over the limit alone
        (8, 1, 200, True, [[1]] * 8),
        (4, 2, 600, True, [[2, 2]]),
        (4, 2, 400, False, [[1, 1]] * 2),
    ],
)
def test_passes(rows, group, limit, shared, expected):
    assert sorted(cut_evenly(rows, group, (100, 100), limit, shared)) == sorted(expected)
