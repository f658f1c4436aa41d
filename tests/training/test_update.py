"""What ranks agree on: equally many passes, one normalizer, and who computes a picture."""

from dataclasses import dataclass

import pytest

from revisual.training import update
from revisual.training.update import MicroBatch, Pass, agree_on_updates


def facts(*counts_and_pictures):
    return [MicroBatch(f"rows {i}", count, has) for i, (count, has) in enumerate(counts_and_pictures)]


def among(monkeypatch, others):
    """Have the other ranks say what their updates are."""

    def gather(mine):
        return [mine, *([[(each.count, each.has_pictures) for each in part] for part in other] for other in others)]

    monkeypatch.setattr(update, "all_gather_objects", gather)


def test_alone_nothing_changes():
    (only,) = agree_on_updates([facts((3.0, False), (4.0, True))], "spare", always_vision=False)
    assert [one.rows for one in only.passes] == ["rows 0", "rows 1"]
    assert only.count == 7.0 and only.learns_pictures
    assert [one.uses_vision for one in only.passes] == [False, True]


def test_nothing_at_all_is_one_pass_of_the_spare_row():
    (only,) = agree_on_updates([[]], "spare", always_vision=False)
    assert [one.rows for one in only.passes] == ["spare"] and only.count == 0 and not only.learns_pictures


def test_ranks_go_through_equally_many_passes(monkeypatch):
    among(monkeypatch, [[facts((1.0, False), (1.0, True), (1.0, False)), []]])
    first, second = agree_on_updates([facts((5.0, False)), facts((2.0, False))], "spare", always_vision=False)
    assert [one.rows for one in first.passes] == ["rows 0", "spare", "spare"] and first.count == 8.0
    assert [one.uses_vision for one in first.passes] == [False, True, False] and first.learns_pictures
    assert [one.rows for one in second.passes] == ["rows 0"] and not second.learns_pictures


@pytest.mark.parametrize("always", [True, False])
def test_the_last_pass_may_have_to_touch_everything(always):
    (only,) = agree_on_updates([facts((1.0, False), (1.0, False))], "spare", always_vision=always)
    assert [one.uses_vision for one in only.passes] == [False, always] and not only.learns_pictures


def test_rows_of_a_pass_can_be_completed():
    @dataclass(frozen=True)
    class Rows:
        ids: int
        old: int | None = None

    assert Pass(Rows(3), True).with_rows(old=4) == Pass(Rows(3, 4), True)
