"""The fullest pass that a config can lead to."""

import pytest

from revisual.memory_plan.workload import largest_pass


@pytest.mark.parametrize(
    ("batch", "group", "micro_batches", "parts", "expected"),
    [
        (64, 8, 256, 64, [2]),  # the 7B stages: two rows of one prompt
        (8, 1, 8, 8, [1]),  # its cold start
        (4, 2, 2, 2, [2, 2]),
        (2, 4, 1, 1, [4, 4]),
        (1, 8, 8, 8, [1]),
        (3, 1, 1, 1, [1, 1, 1]),
        (5, 1, 2, 2, [1, 1, 1]),
    ],
)
def test_largest_pass(batch, group, micro_batches, parts, expected):
    assert largest_pass(batch, group, micro_batches, parts, (100, 100)) == expected
