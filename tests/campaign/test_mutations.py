"""500 configs with one value changed: none gives a traceback or hangs, and each that is accepted can be defended.

`python benchmarks/config_mutations.py` writes the table.
"""

from collections import Counter

import pytest

from .mutations import LONGEST_LINE, NUMBER, SEED, reason_for, try_mutations

pytestmark = pytest.mark.slow


def test_wrong_values_are_refused_in_a_line_or_can_be_defended(policy_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcomes = try_mutations(NUMBER, SEED, policy_folder, tmp_path)
    kinds = Counter(one.kind for one in outcomes)
    wrong = [one for one in outcomes if one.kind not in ("refused", "accepted")]
    assert not wrong, "\n".join(f"{one.kind}: {one.mutation.key}: {one.told}" for one in wrong[:20])
    undefended = [one.mutation for one in outcomes if one.kind == "accepted" and reason_for(one.mutation) is None]
    assert not undefended, "\n".join(f"{one.key}: {one.before!r} -> {one.after!r}" for one in undefended)
    assert kinds["refused"] > 0.8 * NUMBER
    assert all(len(one.told) < LONGEST_LINE for one in outcomes)
