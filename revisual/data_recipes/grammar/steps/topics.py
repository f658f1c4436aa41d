"""Step 4: what the questions are about."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from revisual.core.errors import UserError
from revisual.core.packages import require_package
from revisual.core.ranges import Count, PositiveInt
from revisual.core.seeds import stable_seed
from revisual.data.sample import Sample
from revisual.data_recipes.grammar.chunks import array_of
from revisual.data_recipes.grammar.fingerprint import describe, digest
from revisual.data_recipes.grammar.step import Outcome, Step, Work
from revisual.data_recipes.grammar.topics.clusterers import (
    NOISE,
    Clusterer,
    HdbscanClusterer,
    KMeansClusterer,
    centres,
    nearest,
    purity,
    reduce_dimensions,
)
from revisual.data_recipes.grammar.topics.embedders import Embedder, Points, TfidfEmbedder, unit
from revisual.data_recipes.grammar.topics.namers import KeyTerms, Namer, distinct

MOST_SAMPLED = 20_000
MOST_DIMENSIONS = 20
EXAMPLES = 200
"""Questions per cluster that a namer may look at."""
BATCH = 8192


@dataclass(frozen=True)
class Topics(Step):
    """Embeds the questions, clusters a seeded sample of them, and puts the rest and the noise to the nearest cluster.

    Nearest is by the angle to a cluster's mean direction. The card has the shares: in a cluster by the algorithm
    itself, noise, outside the sample; and how pure the clusters are in `known`, beside as many by k-means.

    Args:
        embedder: makes points of texts.
        clusterer: finds clusters.
        namer: gives them names.
        sampled: how many points are clustered, at most 20,000.
        dimensions: in which they are clustered, at most 20.
        known: what purity is counted in: `source`, or a field of `extra`, by which items without it do not count.
    """

    embedder: Embedder = field(default_factory=TfidfEmbedder)
    clusterer: Clusterer = field(default_factory=HdbscanClusterer)
    namer: Namer = field(default_factory=KeyTerms)
    sampled: PositiveInt = MOST_SAMPLED
    dimensions: Count = MOST_DIMENSIONS
    known: tuple[str, ...] = ("source",)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 2 <= self.sampled <= MOST_SAMPLED or not 1 <= self.dimensions <= MOST_DIMENSIONS:
            raise UserError(
                f"topics: 2 <= sampled <= {MOST_SAMPLED:,} and 1 <= dimensions <= {MOST_DIMENSIONS} are needed: "
                "HDBSCAN takes too long on more"
            )

    @override
    def require(self) -> None:
        require_package("sklearn", "topics")

    @override
    def run(self, work: Work) -> Outcome:
        items = work.items
        seed = stable_seed("topics", work.seed)
        chosen = np.sort(np.random.default_rng(seed).permutation(len(items))[: self.sampled])
        embed = self.embedder.fit(list(_texts(work, items.rows[chosen])), seed)

        def points_of(samples: Sequence[Sample]) -> Points:
            return embed([text_of(sample) for sample in samples])

        with work.progress("embedding", len(items)) as progress:
            folder = work.cache / f"points-{digest(describe(self.embedder), work.before, self.sampled, seed)}"
            points = array_of(folder, work.samples, items.rows, points_of, progress)
        small, projection = reduce_dimensions(np.asarray(points[chosen]), self.dimensions, seed)
        with work.progress("clustering", len(chosen)) as progress:
            labels = self.clusterer(small, seed)
            progress.add(len(chosen))
        middles = centres(small, labels)
        topics = _assign(points, projection, middles)
        topics[chosen[labels != NOISE]] = labels[labels != NOISE]
        names = distinct(self._names(work, topics, len(middles)))
        notes = self._notes(work, labels, topics, names) | self._purities(work, chosen, small, topics, seed)
        return Outcome(items.with_column("topic", [names[topic] for topic in topics]), notes)

    def _names(self, work: Work, topics: NDArray[np.int64], count: int) -> list[str]:
        draw = random.Random(work.seed)
        examples = []
        for topic in range(count):
            places = np.flatnonzero(topics == topic).tolist()
            shown = sorted(draw.sample(places, min(EXAMPLES, len(places))))
            texts = list(_texts(work, work.items.rows[shown]))
            draw.shuffle(texts)
            examples.append(texts)
        return self.namer(examples, work.journals / f"{work.folder.name}.jsonl")

    def _notes(
        self, work: Work, labels: NDArray[np.int64], topics: NDArray[np.int64], names: list[str]
    ) -> dict[str, Any]:
        total, noise = len(topics), int((labels == NOISE).sum())
        shares = {
            "in a cluster": (len(labels) - noise) / total,
            "noise, to the nearest": noise / total,
            "outside the sample, to the nearest": (total - len(labels)) / total,
        }
        return {
            "clusters": len(names),
            "shares": shares,
            "sampled": len(labels),
            "noise_of_sampled": noise / len(labels),
        }

    def _purities(
        self, work: Work, chosen: NDArray[np.int64], small: Points, topics: NDArray[np.int64], seed: int
    ) -> dict[str, Any]:
        """Return purities on the sampled points, by each known topic: of these clusters, and of as many by k-means."""
        count = int(topics.max()) + 1
        other = KMeansClusterer(count)(small, seed)
        found = {}
        for name in self.known:
            values = _read_topics(work, chosen, name)
            there = np.array([value is not None for value in values], dtype=bool)
            if there.any():
                known = [value for value in values if value is not None]
                pair = purity(topics[chosen][there], known), purity(other[there], known)
                largest = purity([0] * len(known), known)
                found[name] = {"clusters": pair[0], "k-means": pair[1], "one cluster": largest, "items": len(known)}
        return {"purity": found}


def text_of(sample: Sample) -> str:
    """Return the text to embed: the question and its choices."""
    return "\n".join([sample.question, *(sample.choices or ())])


def _texts(work: Work, rows: NDArray[np.int64]) -> "Sequence[str]":
    return [text_of(sample) for sample in work.samples.samples(rows)]


def _assign(points: NDArray[Any], projection: NDArray[np.float32], middles: Points) -> NDArray[np.int64]:
    parts = [
        nearest(unit(np.asarray(points[start : start + BATCH]) @ projection), middles)
        for start in range(0, len(points), BATCH)
    ]
    return np.concatenate(parts)


def _read_topics(work: Work, chosen: NDArray[np.int64], name: str) -> list[Any]:
    if name == "source":
        names = work.items.table["source"].take(chosen).to_pylist()
        return list(names)
    return [sample.extra.get(name) for sample in work.samples.samples(work.items.rows[chosen])]
