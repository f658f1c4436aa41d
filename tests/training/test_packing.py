"""Rows in parts of at most so many tokens."""

from hypothesis import given
from hypothesis import strategies as st

from revisual.training.packing import pack


@given(
    st.lists(st.tuples(st.integers(1, 60), st.lists(st.integers(1, 60), min_size=1, max_size=5)), max_size=12),
    st.integers(1, 150),
)
def test_no_part_is_over_the_limit_and_no_row_is_lost(groups, limit):
    prompts = [prompt for prompt, completions in groups for _ in completions]
    completions = [length for _, lengths in groups for length in lengths]
    owners = [g for g, (_, lengths) in enumerate(groups) for _ in lengths]
    members = [[row for row, owner in enumerate(owners) if owner == g] for g in range(len(groups))]
    parts = pack(members, prompts, completions, limit)
    assert sorted(row for part in parts for row in part) == list(range(len(owners)))
    for part in parts:
        held = {owners[row]: prompts[row] for row in part}
        total = sum(held.values()) + sum(completions[row] for row in part)
        assert total <= limit or len(part) == 1
