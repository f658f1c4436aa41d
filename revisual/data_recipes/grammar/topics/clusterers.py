"""Groups of points: HDBSCAN, and k-means to compare with."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from revisual.core.errors import UserError
from revisual.core.packages import require_package
from revisual.core.ranges import Fraction, PositiveInt, Ranged
from revisual.data_recipes.grammar.topics.embedders import Points, unit

NOISE = -1


class Clusterer(Ranged, ABC):
    """Finds clusters. Implemented as frozen dataclasses."""

    @abstractmethod
    def __call__(self, points: Points, seed: int) -> NDArray[np.int64]:
        """Return the cluster of each point [N], numbered from 0; -1 for none."""


@dataclass(frozen=True)
class HdbscanClusterer(Clusterer):
    """HDBSCAN (Campello et al., 2013): clusters of any number and shape, and noise between them.

    Args:
        least_share: the smallest cluster, as a share of the points.
        least_points: and at least so many.
        samples: how many neighbors make a place dense; more give more noise and rounder clusters.
        leaves: take the smallest clusters of the tree, which are many and alike in size, in place of the most stable.
    """

    least_share: Fraction = 0.004
    least_points: PositiveInt = 10
    samples: PositiveInt = 5
    leaves: bool = True

    @override
    def __call__(self, points: Points, seed: int) -> NDArray[np.int64]:
        require_package("sklearn", "clustering")
        from sklearn.cluster import HDBSCAN

        smallest = max(2, min(max(self.least_points, round(self.least_share * len(points))), len(points)))
        way = "leaf" if self.leaves else "eom"
        found = HDBSCAN(
            min_cluster_size=smallest,
            min_samples=min(self.samples, len(points)),
            cluster_selection_method=way,
            copy=True,
        )
        return np.asarray(found.fit_predict(points), dtype=np.int64)


@dataclass(frozen=True)
class KMeansClusterer(Clusterer):
    """k-means: a given number of round clusters, without noise."""

    clusters: PositiveInt = 50
    """How many clusters; no more than there are questions."""

    @override
    def __call__(self, points: Points, seed: int) -> NDArray[np.int64]:
        require_package("sklearn", "clustering")
        from sklearn.cluster import KMeans

        found = KMeans(min(self.clusters, len(points)), random_state=seed % 2**32, n_init=3)
        return np.asarray(found.fit_predict(points), dtype=np.int64)


def centres(points: Points, labels: NDArray[np.int64]) -> Points:
    """Return the mean direction of each cluster [K, D].

    Raises:
        UserError: there is no cluster.
    """
    count = int(labels.max(initial=NOISE)) + 1
    if count == 0:
        raise UserError("topics: no clusters are found; set least_points or least_share of HdbscanClusterer lower")
    sums = np.zeros((count, points.shape[1]), dtype=np.float64)
    inside = labels != NOISE
    np.add.at(sums, labels[inside], points[inside])
    return unit(sums)


def nearest(points: Points, middles: Points) -> NDArray[np.int64]:
    """Return for each point the center that it lies nearest to, by the angle [N]."""
    return np.asarray(np.argmax(points @ middles.T, axis=1), dtype=np.int64)


def reduce_dimensions(points: NDArray[Any], dimensions: int, seed: int) -> tuple[Points, NDArray[np.float32]]:
    """Return points in fewer dimensions, and the projection [D, dimensions]: principal directions, not centered.

    Example: embeddings of a language model have thousands of dimensions, in which density means little
    """
    if points.shape[1] <= dimensions:
        return unit(points), np.eye(points.shape[1], dtype=np.float32)
    require_package("sklearn", "clustering")
    from sklearn.decomposition import TruncatedSVD

    found = TruncatedSVD(dimensions, random_state=seed % 2**32).fit(points)
    projection = np.asarray(found.components_.T, dtype=np.float32)
    return unit(points @ projection), projection


def purity(labels: Sequence[Any] | NDArray[Any], known: Sequence[Any]) -> float:
    """Return the share of items whose known topic is the commonest of their cluster.

    Example: `purity([0, 0, 0, 1], ["a", "a", "b", "b"]) == 0.75`
    """
    counts: dict[Any, Counter[Any]] = {}
    for label, topic in zip(labels, known, strict=True):
        counts.setdefault(label, Counter())[topic] += 1
    return sum(counter.most_common(1)[0][1] for counter in counts.values()) / max(1, len(labels))
