from pathlib import Path

import pytest

from revisual.data.readers import JSONLReader, ParquetReader


@pytest.mark.parametrize("kind", [JSONLReader, ParquetReader])
def test_a_relative_path_is_taken_from_the_root_and_settings_stay(kind):
    reader = kind("train.x", limit=3)
    moved = reader.under("data")
    assert type(moved) is kind and moved.path == Path("data/train.x") and moved.limit == 3
    assert reader.label == "train.x" and moved.label == "data/train.x"
    assert kind("/train.x").under("data").path == Path("/train.x")
