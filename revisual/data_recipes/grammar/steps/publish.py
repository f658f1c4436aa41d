"""Step 6: Parquet shards that `load_dataset` takes, configs for the stages, and the data card."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from numpy.typing import NDArray
from typing_extensions import override

from revisual.core.errors import UserError
from revisual.core.files import replaced_path, write_atomically
from revisual.core.ranges import Below1, NonNegativeInt, PositiveInt
from revisual.data_recipes.grammar.card.facts import facts_of
from revisual.data_recipes.grammar.card.markdown import markdown_card
from revisual.data_recipes.grammar.card.page import card_page
from revisual.data_recipes.grammar.items import Items
from revisual.data_recipes.grammar.step import Outcome, Step, Work

if TYPE_CHECKING:
    from datasets import Features

DATASET = "dataset"
CARD = "card.html"
STAGES = {"cold_start": "SFTDataModule", "multimodal_rl": "PromptDataModule", "text_rl": "PromptDataModule"}
GROUP_ROWS = 100
"""Rows that a reader of a shard must hold at once; rows may hold whole pictures."""


@dataclass(frozen=True)
class Publish(Step):
    """Writes the parts as a folder in the layout of a data set on the hub.

    `dataset/PART/train-00000-of-00003.parquet` with the pictures' bytes inside, README.md (the data card), card.html
    (the same with plots), and PART.yaml, an overlay for `revisual fit` that reads the part. Samples with the same
    picture are all in train or all in validation.

    Args:
        shard_rows: samples per file.
        validation: share of each part that is kept for validation.
        most_validation: most samples of a part that are kept for it.
        title: of the card.
    """

    shard_rows: PositiveInt = 5_000
    validation: Below1 = 0.02
    most_validation: NonNegativeInt = 500
    title: str = "Curated questions"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.shard_rows < 1 or not 0 <= self.validation < 1:
            raise UserError("publish: shard_rows >= 1 and 0 <= validation < 1 are needed")

    @override
    def run(self, work: Work) -> Outcome:
        items = work.items
        folder = work.folder / DATASET
        parts = items.names("part") if items.has("part") else ["data"] * len(items)
        names = sorted(set(parts), key=parts.index)
        sizes: dict[str, dict[str, int]] = {}
        with work.progress("writing", len(items)) as progress:
            for name in names:
                places = np.flatnonzero(np.array([part == name for part in parts], dtype=bool))
                splits = self._splits(work, places)
                sizes[name] = {split: len(found) for split, found in splits.items()}
                for split, found in splits.items():
                    for count in self._write(work, folder / name, split, found):
                        progress.add(count)
                write_atomically(folder / f"{name}.yaml", stage_overlay(folder, name, splits.keys()))
        facts = facts_of(self.title, work.notes, items, sizes)
        write_atomically(folder / "README.md", markdown_card(facts))
        write_atomically(work.folder.parent / CARD, card_page(facts))
        write_atomically(folder / CARD, card_page(facts))
        return Outcome(items, {"parts": sizes, "card": CARD})

    def _splits(self, work: Work, places: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
        """Return the places of each split, in an order of chance that depends on the samples alone."""
        rows = work.items.rows[places]
        keys = [_key(work.seed, row) for row in work.samples.rows(rows, ("source", "id", "images"))]
        order = np.array(sorted(range(len(places)), key=lambda k: keys[k]), dtype=np.int64)
        wanted = min(self.most_validation, int(self.validation * len(places)))
        cut = wanted
        while 0 < cut < len(order) and keys[order[cut]][0] == keys[order[cut - 1]][0]:
            cut += 1  # the same picture
        if not 0 < cut < len(order):
            return {"train": places[order]}
        return {"train": places[order[cut:]], "validation": places[order[:cut]]}

    def _write(self, work: Work, folder: Path, split: str, places: NDArray[np.int64]) -> Iterator[int]:
        """Write the shards of a split that are not there yet; yield how many samples each has."""
        shards = -(-len(places) // self.shard_rows)
        features = features_of()
        for shard in range(shards):
            part = places[shard * self.shard_rows : (shard + 1) * self.shard_rows]
            path = folder / f"{split}-{shard:05d}-of-{shards:05d}.parquet"
            if not path.is_file():
                with replaced_path(path) as unfinished, pq.ParquetWriter(unfinished, features.arrow_schema) as writer:
                    for start in range(0, len(part), GROUP_ROWS):
                        rows = _read_rows(work, part[start : start + GROUP_ROWS])
                        writer.write_table(pa.Table.from_pylist(rows, schema=features.arrow_schema))
            yield len(part)


def features_of() -> "Features":
    """Return the columns of what is published, as the `datasets` package knows them."""
    from datasets import Features, Image, List, Value

    text = Value("string")
    extra = {
        "topic": text,
        "level": Value("int32"),
        "pass_rate": Value("float32"),
        "strong_pass_rate": Value("float32"),
        "source_extra": text,
    }
    return Features(
        {"id": text, "source": text, "question": text, "answer": text, "choices": List(text), "solution": text,
         "images": List(Image()), "extra": extra}
    )  # fmt: skip


def _read_rows(work: Work, places: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Return rows in the order of `places`, which are read in that of the store."""
    order = np.argsort(work.items.rows[places], kind="stable")
    found: list[dict[str, Any]] = [{}] * len(places)
    for k, row in zip(order, work.samples.rows(work.items.rows[places[order]]), strict=True):
        extra = {**_found_out(work.items, int(places[k])), "source_extra": row.pop("extra")}
        found[k] = {**row, "extra": extra}
    return found


def _found_out(items: Items, place: int) -> dict[str, Any]:
    names = ("topic", "level", "pass_rate", "strong_pass_rate")
    values = {name: items.table[name][place].as_py() if items.has(name) else None for name in names}
    return {name: None if value != value else value for name, value in values.items()}


def _key(seed: int, row: dict[str, Any]) -> tuple[bytes, str, str]:
    """Return a sort key that orders samples by chance, with those that share their first picture together."""
    pictures = row["images"] or ()
    what = pictures[0]["bytes"] if pictures else f"{row['source']}\n{row['id']}".encode()
    return blake2b(what, digest_size=12, salt=str(seed).encode()[:16]).digest(), row["source"], row["id"]


def stage_overlay(folder: Path, name: str, splits: Sequence[str] | Any) -> str:
    """Return an overlay for `revisual fit` that reads a part: its text in YAML."""
    readers = {
        split: [{"class_path": "ParquetReader", "init_args": {"path": f"{name}/{split}-*.parquet"}}] for split in splits
    }
    data = {"class_path": STAGES.get(name, "PromptDataModule"), "init_args": {"root": str(folder), **readers}}
    command = f"revisual fit --config STAGE.yaml --config {folder / name}.yaml"
    head = f"# The part {name}, on top of a stage's config: {command}\n"
    return head + yaml.safe_dump({"data": data}, sort_keys=False)
