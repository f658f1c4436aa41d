"""Step 1c: drops what is a question of a benchmark, by its text or its picture, and lists near twins apart."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from revisual.core.ranges import PositiveFraction
from revisual.data.sample import Sample
from revisual.data_recipes.grammar.drops import Drop, DropLog
from revisual.data_recipes.grammar.pictures import (
    SAME,
    SHAPE_TOLERANCE,
    cropped_fingerprints,
    sample_fingerprints,
    shape_of,
)
from revisual.data_recipes.grammar.step import Outcome, Step, Work
from revisual.data_recipes.grammar.text.canonical import Canonical, canonical
from revisual.data_recipes.grammar.text.likeness import Likeness, compare_within
from revisual.data_recipes.grammar.text.overlap import OverlapIndex
from revisual.evaluation.benchmark import Benchmark
from revisual.evaluation.selection import choose_benchmarks

TWINS = "twins.jsonl"
BATCH = 512
DISTINCT = 0.9
"""A benchmark's picture that correlates less with all others of the benchmark is a leak wherever it stands; of
look-alikes (the tables and puzzles that a generator draws) only the question tells which one it is."""
TELLING = 8
"""Tokens from which a text alone tells that a question about a picture is another's, where only one of them has one."""


@dataclass(frozen=True)
class Target:
    """One question that must not be trained on."""

    name: str
    """Benchmark and id."""
    text: Canonical
    answer: str
    pictures: int


class Targets:
    """The questions of benchmarks, ready to be found in other texts and pictures."""

    def __init__(
        self, targets: list[Target], crops: NDArray[np.float32], shapes: NDArray[np.float32], of: list[int]
    ) -> None:
        self.targets, self.of = targets, of
        self.index = OverlapIndex([target.text for target in targets])
        self._crops, self._shapes = crops, shapes  # [P, C, D] and [P]: the pictures of the targets `of` [P]

    @cached_property
    def distinct(self) -> NDArray[np.bool_]:
        """For each picture whether no other one looks like it [P]."""
        whole = self._crops[:, 0]
        owners = np.array([self.targets[owner].name.partition("/")[0] for owner in self.of])
        found = np.ones(len(whole), dtype=bool)
        for start in range(0, len(whole), BATCH):
            part = whole[start : start + BATCH] @ whole.T
            part[np.arange(len(part)), np.arange(start, start + len(part))] = -1.0
            part[owners[start : start + BATCH, None] != owners[None]] = -1.0
            found[start : start + BATCH] = part.max(axis=1) < DISTINCT
        return found

    def pictures_like(self, prints: NDArray[np.float32], least: float) -> dict[int, list[tuple[int, float]]]:
        """Yield for each of N fingerprints the pictures that it correlates with: number and correlation, best first."""
        if not len(self.of):
            return {}
        flat = self._crops.reshape(-1, self._crops.shape[2])
        scores = (prints[:, :-1] @ flat.T).reshape(len(prints), len(self.of), -1).max(axis=2)
        scores[np.abs(prints[:, -1:] - self._shapes[None]) > SHAPE_TOLERANCE] = -1.0
        found: dict[int, list[tuple[int, float]]] = {}
        for place, picture in np.argwhere(scores >= least):
            found.setdefault(int(place), []).append((int(picture), float(scores[place, picture])))
        return {place: sorted(pairs, key=lambda pair: -pair[1]) for place, pairs in found.items()}


@dataclass(frozen=True)
class Finding:
    """What a sample has in common with a target."""

    reason: str
    """Empty for a twin, which stays."""
    target: str
    detail: dict[str, Any]


@dataclass(frozen=True)
class Decontaminate(Step):
    """Drops samples that are a benchmark's questions.

    Text: a weighted share of a target's 3-grams makes a candidate, and then the question must be the same within the
    sample's text but for case, spacing, LaTeX, digits in words and a synonym per sentence, with the same numbers. If
    words differ and so do the answers, it is a twin: "the sum of 3 and 5" beside "the product of 3 and 5". Pictures:
    the same one, resized, recompressed or cropped by a few percent, with the same answer; or with any, if nothing in
    its benchmark looks like it. What has much in common with a target and is another question (a template with other
    numbers, a look-alike picture) is a twin, listed in twins.jsonl.

    Args:
        benchmarks: names of shipped benchmarks, with commas between them.
        custom: further benchmarks.
        root: folder with the benchmarks' data; without it they are loaded from the hub.
        keep_twins: false drops twins too.
        same_picture: the correlation from which two pictures are the same.
    """

    benchmarks: str = "math500,aime24,aime25,gsm8k,geometry3k,mathvision"
    custom: tuple[Benchmark, ...] = ()
    root: Path | None = None
    keep_twins: bool = True
    same_picture: PositiveFraction = SAME

    @override
    def run(self, work: Work) -> Outcome:
        targets = self._targets(work)
        keep, twins = np.ones(len(work.items), dtype=bool), DropLog()
        with work.progress("samples", len(work.items)) as progress:
            for start, samples in _batches(work):
                for place, finding in self._findings(samples, targets):
                    sample = samples[place]
                    reason = finding.reason or ("" if self.keep_twins else "twin")
                    drop = Drop(sample.source, sample.id, reason or "twin", {"of": finding.target, **finding.detail})
                    if not finding.reason:
                        twins.add(drop)
                    if reason:
                        work.drops.add(drop)
                        keep[start + place] = False
                progress.add(len(samples))
        twins.write(work.folder / TWINS)
        counts = {name: sum(t.name.startswith(f"{name}/") for t in targets.targets) for name in self._names()}
        per_source = {source: count for counter in twins.counts.values() for source, count in counter.items()}
        return Outcome(work.items.where(keep), {"targets": counts, "twins": per_source, "twins_kept": self.keep_twins})

    def _choose(self) -> list[Benchmark]:
        return choose_benchmarks(self.benchmarks, self.custom)

    def _names(self) -> list[str]:
        return [benchmark.name for benchmark in self._choose()]

    def _targets(self, work: Work) -> Targets:
        found: list[Target] = []
        crops, shapes, of = [], [], []
        with work.progress("benchmarks") as progress:
            for benchmark in self._choose():
                for item in benchmark.items(self.root):
                    sample = item.sample
                    for image in sample.images:
                        picture = image.load(sample.id)
                        crops.append(cropped_fingerprints(picture))
                        shapes.append(shape_of(picture))
                        of.append(len(found))
                    name = f"{benchmark.name}/{sample.id}"
                    found.append(Target(name, canonical(sample.question), sample.answer, len(sample.images)))
                    progress.add()
        stacked = np.stack(crops) if crops else np.zeros((0, 1, 1), dtype=np.float32)
        return Targets(found, stacked, np.array(shapes, dtype=np.float32), of)

    def _findings(self, samples: list[Sample], targets: Targets) -> Iterator[tuple[int, Finding]]:
        owners = [place for place, sample in enumerate(samples) for _ in sample.images]
        single = [replace(sample, images=(image,)) for sample in samples for image in sample.images]
        alike: dict[int, list[tuple[int, float]]] = {}
        for row, pictures in targets.pictures_like(sample_fingerprints(single), self.same_picture).items():
            alike.setdefault(owners[row], []).extend(pictures)
        for place, sample in enumerate(samples):
            text = canonical(sample.question)
            found = [
                finding
                for one, share in targets.index.candidates(text)
                if (finding := _by_text(sample, text, targets.targets[one], share))
            ]
            if sample.images:
                seen = alike.get(place, [])
                found += self._by_picture(sample, text, targets, seen)
            if found:
                yield place, min(found, key=lambda finding: not finding.reason)

    def _by_picture(
        self, sample: Sample, text: Canonical, targets: Targets, pictures: list[tuple[int, float]]
    ) -> Iterator[Finding]:
        for picture, score in pictures[:20]:
            target = targets.targets[targets.of[picture]]
            same = compare_within(target.text, text).likeness in (Likeness.EQUAL, Likeness.SAME)
            is_leak = targets.distinct[picture] or not _answers_differ(sample.answer, target.answer)
            reason = f"leak: picture{' and text' if same else ''}" if is_leak else ""
            yield Finding(reason, target.name, {"correlation": round(score, 3)})


def _by_text(sample: Sample, text: Canonical, target: Target, share: float) -> Finding | None:
    compared = compare_within(target.text, text)
    if compared.likeness == Likeness.DIFFERENT:
        return None
    detail = {"overlap": round(share, 3), "ratio": round(compared.ratio, 3)}
    is_leak = compared.likeness == Likeness.EQUAL or (
        compared.likeness == Likeness.SAME and not _answers_differ(sample.answer, target.answer)
    )
    if sample.images and target.pictures:
        return None  # their pictures tell
    if (sample.images or target.pictures) and len(target.text.tokens) < TELLING:
        return None  # "Find x." says nothing of which drawing it stands under
    return Finding("leak: text" if is_leak else "", target.name, detail)


def _answers_differ(one: str, other: str) -> bool:
    return bool(one and other) and canonical(one).tokens != canonical(other).tokens


def _batches(work: Work) -> Iterator[tuple[int, list[Sample]]]:
    rows = work.items.rows
    for start in range(0, len(rows), BATCH):
        yield start, list(work.samples.samples(rows[start : start + BATCH]))
