import numpy as np

from revisual.data_recipes.grammar.items import EMPTY, Items

ITEMS = Items.of({"row": [4, 7, 9], "source": ["a", "b", "a"], "id": ["1", "2", "3"]})


def test_a_file_gives_back_what_was_written(tmp_path):
    ITEMS.with_column("level", [3, 1, 2]).write(tmp_path / "items.parquet")
    back = Items.read(tmp_path / "items.parquet")
    assert back.rows.tolist() == [4, 7, 9] and back.column("level").tolist() == [3, 1, 2]
    assert [path.name for path in tmp_path.iterdir()] == ["items.parquet"]


def test_columns_and_choices():
    kept = ITEMS.where(np.array([True, False, True]))
    assert len(kept) == 2 and kept.key(1) == ("a", "3") and kept.counts("source") == {"a": 2}
    twice = ITEMS.with_column("part", ["x"] * 3).with_column("part", ["y"] * 3)
    assert twice.names("part") == ["y"] * 3 and twice.has("part") and not ITEMS.has("part")
    assert len(EMPTY) == 0 and EMPTY.counts("source") == {}
