import numpy as np
import pytest
from core.test_progress import Told

from revisual.data_recipes.grammar.chunks import array_of
from revisual.data_recipes.grammar.store import SampleStore


class Store(SampleStore):
    """Numbers in place of samples."""

    def samples(self, rows):
        return iter(rows.tolist())


def make(samples):
    return np.array([[2 * one] for one in samples])


def test_an_array_is_made_in_chunks_and_goes_on_where_it_stopped(tmp_path):
    rows, made, told = np.arange(7), [], Told()

    def interrupted(samples):
        if made:
            raise KeyboardInterrupt
        made.extend(samples)
        return make(samples)

    with pytest.raises(KeyboardInterrupt), told.task("keys", 7) as task:
        array_of(tmp_path, Store(tmp_path), rows, interrupted, task, chunk=3)
    assert made == [0, 1, 2]
    later = []
    for _ in range(2):
        with told.task("keys", 7) as task:
            found = array_of(tmp_path, Store(tmp_path), rows, lambda s: later.extend(s) or make(s), task, chunk=3)
        assert found[:, 0].tolist() == [2 * row for row in range(7)] and task.done == 7
    assert later == [3, 4, 5, 6], "what an earlier call made is read back"
    assert [path.name for path in tmp_path.iterdir()] == ["all.npy"]
