"""Step 1: reads the sources, and keeps what the rules let pass."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from typing_extensions import override

from revisual.core.errors import UserError
from revisual.core.files import write_atomically
from revisual.core.progress import Task
from revisual.data.readers.base import SampleReader
from revisual.data.sample import Sample
from revisual.data_recipes.grammar.drops import FILE, Drop, read_drops
from revisual.data_recipes.grammar.items import Items
from revisual.data_recipes.grammar.rules.answers import VerifiableAnswer
from revisual.data_recipes.grammar.rules.base import Rule
from revisual.data_recipes.grammar.rules.questions import Length, NoProof, NothingMissing, OnePart
from revisual.data_recipes.grammar.sources import Source
from revisual.data_recipes.grammar.step import Outcome, Step, Work
from revisual.data_recipes.grammar.store import SampleStore, write_samples

RULES = (Length(), NoProof(), OnePart(), NothingMissing(), VerifiableAnswer())
CHUNK = 512
"""Samples that are checked and written together; what an interruption costs at most."""


@dataclass(frozen=True)
class Collect(Step):
    """Reads every source into one store, and drops what breaks a rule.

    A source is written chunk by chunk, so that an interrupted call goes on in the middle of it.

    Args:
        sources: in the order in which they win where they hold the same question.
        root: the folder that readers' relative paths start from.
        rules: what a sample must be; the first rule that it breaks is its reason. By default `RULES`.
        limit: read at most so many samples of each source.
    """

    sources: tuple[Source, ...] = ()
    root: Path | None = None
    rules: tuple[Rule, ...] | None = None
    limit: int | None = None

    @override
    def run(self, work: Work) -> Outcome:
        names = [source.name for source in self.sources]
        if not names:
            raise UserError("collect: no sources are given")
        for name in names:
            if names.count(name) > 1:
                raise UserError(f"collect: two sources are called {name!r}")
        read = {}
        for number, source in enumerate(self.sources):
            folder = work.samples.folder / f"{number:03d}-{source.name}"
            reader = source.readable()
            with work.progress(source.name) as progress:
                read[source.name] = self._source(
                    source, reader.under(self.root) if self.root else reader, folder, progress
                )
            for path in sorted(folder.glob("dropped-*.jsonl")):
                for drop in read_drops(path):
                    work.drops.add(drop)
        return Outcome(_items(work.samples), {"sources": [_card(source, read[source.name]) for source in self.sources]})

    def _source(self, source: Source, reader: SampleReader, folder: Path, progress: Task) -> int:
        """Write what is not written yet; return how many samples were read."""
        finished = folder / "finished.json"
        if finished.is_file():
            return int(json.loads(finished.read_text())["read"])
        count = 0
        for chunk, samples in enumerate(_chunks(source.samples(islice(reader(), self.limit)), CHUNK)):
            if not (folder / f"dropped-{chunk:06d}.jsonl").is_file():  # written last
                self._chunk(samples, folder, chunk)
            count += len(samples)
            progress.add(len(samples))
        write_atomically(finished, json.dumps({"read": count}))
        return count

    def _chunk(self, samples: Sequence[Sample], folder: Path, chunk: int) -> None:
        reasons = self._reasons(samples)
        kept = [sample for sample, reason in zip(samples, reasons, strict=True) if reason is None]
        if kept:
            write_samples(folder / f"kept-{chunk:06d}.arrow", kept)
        lines = [
            Drop(
                sample.source, sample.id, reason, {"answer": sample.answer[:200], "question": sample.question[:200]}
            ).line()
            for sample, reason in zip(samples, reasons, strict=True)
            if reason is not None
        ]
        write_atomically(folder / f"dropped-{chunk:06d}.jsonl", "".join(f"{line}\n" for line in lines))

    def _reasons(self, samples: Sequence[Sample]) -> list[str | None]:
        reasons = [_unusable(sample) for sample in samples]
        for rule in RULES if self.rules is None else self.rules:
            places = [place for place, reason in enumerate(reasons) if reason is None]
            for place, reason in zip(places, rule([samples[place] for place in places]), strict=True):
                reasons[place] = reason
        return reasons


def _chunks(samples: Iterator[Sample], size: int) -> Iterator[list[Sample]]:
    while part := list(islice(samples, size)):
        yield part


def _unusable(sample: Sample) -> str | None:
    """Return why no rule could judge a sample; None if one could."""
    if sample.messages is not None:
        return "question: a conversation"
    if not sample.question.strip():
        return "question: empty"
    try:
        for image in sample.images:
            image.load(sample.id)
    except UserError:
        return "picture: missing or broken"
    return None


def _items(store: SampleStore) -> Items:
    columns: dict[str, list[Any]] = {"row": [], "source": [], "id": [], "pictures": [], "solution": []}
    names = ("source", "id", "solution", "images")
    for number, row in enumerate(store.rows(range(len(store)), names)):
        columns["row"].append(number)
        columns["source"].append(row["source"])
        columns["id"].append(row["id"])
        columns["pictures"].append(len(row["images"] or ()))
        columns["solution"].append(bool(row["solution"]))
    if not columns["row"]:
        raise UserError(f"collect: nothing is left of the sources; {FILE} says why")
    return Items.of(columns)


def _card(source: Source, read: int) -> dict[str, Any]:
    kept = {
        name: getattr(source, name) for name in ("name", "licence", "modality", "hub", "verified", "checked", "note")
    }
    return {**kept, "read": read}
