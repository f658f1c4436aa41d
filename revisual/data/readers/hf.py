"""Samples from a Hugging Face data set."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from revisual.core.errors import UserError
from revisual.data.images import StoredBytes
from revisual.data.readers.base import TableReader
from revisual.data.readers.class_labels import has_classes, with_class_names
from revisual.data.readers.row import Row, picture_bytes

if TYPE_CHECKING:
    from datasets import Dataset, IterableDataset


@dataclass(frozen=True)
class HFDatasetReader(TableReader):
    """Reads a data set from the hub, from a folder made by `save_to_disk`, or from one that `load_dataset` takes.

    Code that a data set brings is never run. Pictures stay encoded until they are needed; those given by path must lie
    in the folder, or for a data set from the hub in the Hugging Face cache.

    Example: `HFDatasetReader("hiyouga/geometry3k", columns={"question": "problem"}, source="geometry3k")`

    Args:
        name: the folder, which is looked for below the data's `root` first, or the name on the hub.
        split: which split.
        subset: which subset (configuration), if there are several.
    """

    name: str
    split: str = "train"
    subset: str | None = None

    @property
    def label(self) -> str:
        """Name, subset and split, e.g. `hiyouga/geometry3k (train)` or `openai/gsm8k (main, train)`."""
        return f"{self.name} ({', '.join(filter(None, [self.subset, self.split]))})"

    @override
    def under(self, root: str | Path) -> "HFDatasetReader":
        """Return the reader of the folder below `root`, if there is one of that name; else the same."""
        folder = Path(root) / self.name
        return replace(self, name=str(folder)) if folder.is_dir() else self

    def rows(self) -> Iterator[Row | UserError]:
        """Give the rows; ids default to e.g. `geometry3k-train:3`, counted from 1."""
        root = self._root()
        loaded = self._load()
        dataset, again = _skip_decoding(loaded), loaded.with_format("arrow")
        stem = "-".join(filter(None, [Path(self.name).name, self.subset, self.split]))
        described = {} if loaded.features is None else loaded.features.to_dict()
        features = described if has_classes(described) else {}
        number = 0
        try:
            for encoded in dataset:
                number += 1
                values = with_class_names(encoded, features) if features else encoded
                stored = partial(ArrowBytes, self.label, again, number - 1)
                yield Row(f"{self.label}, row {number}", f"{stem}:{number}", values, root, stored)
        except (ValueError, OSError) as error:
            reason = " ".join(str(error).split())
            raise UserError(f"{self.label}, after row {number}: cannot be read: {reason}") from error

    def _root(self) -> Path:
        from datasets import config

        if self.root is not None:
            return Path(self.root)
        return Path(self.name) if Path(self.name).is_dir() else Path(config.HF_CACHE_HOME)

    def _load(self) -> "Dataset":
        # Imported here: it takes a second that runs on other data need not wait.
        from datasets import DatasetDict, load_dataset, load_from_disk

        folder = Path(self.name)
        owner, slash, _ = self.name.partition("/")
        is_name = re.fullmatch(r"[\w-][\w.-]*(/[\w.-]+)?", self.name) and not (slash and Path(owner).is_dir())
        if not folder.is_dir() and not is_name:
            raise UserError(f"{self.name}: no such folder, and not a name on the hub")
        try:
            if not any((folder / file).is_file() for file in ("state.json", "dataset_dict.json")):
                return load_dataset(self.name, name=self.subset, split=self.split)
            saved = load_from_disk(self.name)
        except Exception as error:  # the errors of many formats, of the network and of the hub
            reason = " ".join(str(error).split())
            raise UserError(f"{self.label}: cannot be loaded: {reason}") from error
        if self.subset is not None:
            raise UserError(f"{self.name}: subset {self.subset!r}: a folder made by save_to_disk has no subsets")
        splits = saved if isinstance(saved, DatasetDict) else {str(saved.split or self.split): saved}
        if self.split not in splits:
            raise UserError(f"{self.name}: no split {self.split!r}; there are: {', '.join(splits)}")
        return splits[self.split]


@dataclass(frozen=True, slots=True)
class ArrowBytes(StoredBytes):
    """A picture in a data set's memory-mapped files.

    Args:
        label: the data set, for messages.
        dataset: gives tables of Arrow.
        row: in the data set.
        column: of the pictures.
        place: in the row's list of pictures; none: the row has one picture.
    """

    label: str
    dataset: "Dataset"
    row: int
    column: str
    place: int | None

    @override
    def read(self) -> bytes:
        table = self.dataset[self.row]
        own = [name for name in (self.column, self.column.split(".")[0]) if name in table.column_names]
        return picture_bytes(table.select(own[:1]).to_pylist()[0], self.column, self.place)

    @override
    def fingerprint(self) -> str:
        return f"{self.label} {self.dataset._fingerprint} {self.row} {self.column} {self.place}"

    def __str__(self) -> str:
        return f"in {self.label}, row {self.row + 1}"


def _skip_decoding(dataset: "Dataset") -> "IterableDataset":
    """Return the data set with pictures as `{"bytes": ..., "path": ...}`: decoding waits until a sample is used."""
    from datasets import Features

    features = Features({name: _keep_encoded(feature) for name, feature in dataset.features.items()})
    # An iterable is cast as it is read; casting the data set itself would write a second copy of it to disk.
    return dataset.with_format(None).to_iterable_dataset().cast(features)


def _keep_encoded(feature: Any) -> Any:
    from datasets import Image, LargeList, List

    if isinstance(feature, Image):
        return Image(mode=feature.mode, decode=False)
    if isinstance(feature, dict):
        return {name: _keep_encoded(inner) for name, inner in feature.items()}
    if isinstance(feature, List):
        return List(_keep_encoded(feature.feature), length=feature.length)
    if isinstance(feature, LargeList):
        return LargeList(_keep_encoded(feature.feature))
    return feature
