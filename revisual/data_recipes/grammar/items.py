"""Which samples are left, and what is known of each: a small table beside the large store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from revisual.core.files import replaced_path


@dataclass(frozen=True)
class Items:
    """Rows of the store that are left, in its order, with a column for each thing that a step found out.

    Columns of the first step: row, source, id, pictures (how many), solution (whether there is one). Later ones:
    pass_rate, strong_pass_rate, level, topic, part.
    """

    table: pa.Table

    def __len__(self) -> int:
        return self.table.num_rows

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """Their places in the store [N]."""
        return self.column("row").astype(np.int64)

    def column(self, name: str) -> NDArray[Any]:
        """Return a column as an array [N]; texts as objects."""
        return self.table[name].to_numpy(zero_copy_only=False)

    def names(self, name: str) -> list[str]:
        """Return a column of texts."""
        return [str(value) for value in self.table[name].to_pylist()]

    def has(self, name: str) -> bool:
        """Return whether there is such a column."""
        return name in self.table.column_names

    def key(self, place: int) -> tuple[str, str]:
        """Return source and id of an item."""
        return self.table["source"][int(place)].as_py(), self.table["id"][int(place)].as_py()

    def where(self, keep: Sequence[bool] | NDArray[np.bool_]) -> "Items":
        """Return the items for which `keep` [N] is true."""
        return Items(self.table.filter(pa.array(keep, type=pa.bool_())))

    def with_column(self, name: str, values: Sequence[Any] | NDArray[Any]) -> "Items":
        """Return items with one column more, or another in place of one."""
        table = self.table.drop_columns([name]) if self.has(name) else self.table
        return Items(table.append_column(name, pa.array(values)))

    def counts(self, name: str) -> dict[Any, int]:
        """Return how many items there are of each value, in the order of the values."""
        found = pc.value_counts(self.table[name]).to_pylist()
        pairs = [(entry["values"], entry["counts"]) for entry in found if entry["values"] is not None]
        return dict(sorted(pairs))

    def write(self, path: Path) -> None:
        """Write the items as Parquet, whole or not at all."""
        with replaced_path(path) as part:
            pq.write_table(self.table, part)

    @staticmethod
    def read(path: Path) -> "Items":
        """Read a file that `write` wrote."""
        return Items(pq.read_table(path))

    @staticmethod
    def of(columns: Mapping[str, Sequence[Any]]) -> "Items":
        """Make items from columns.

        Example: `Items.of({"row": [0], "source": ["gsm8k"], "id": ["1"], "pictures": [0], "solution": [True]})`
        """
        types = {
            "row": pa.int64(),
            "source": pa.string(),
            "id": pa.string(),
            "pictures": pa.int32(),
            "solution": pa.bool_(),
        }
        return Items(pa.table({name: pa.array(values, type=types.get(name)) for name, values in columns.items()}))


EMPTY = Items.of({"row": [], "source": [], "id": [], "pictures": [], "solution": []})
