"""Which of many known questions a text may repeat: an index of their runs of three tokens."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from revisual.data_recipes.grammar.text.canonical import Canonical
from revisual.data_recipes.grammar.text.shingles import shingles

RUN = 3


class OverlapIndex:
    """Known questions by their 3-grams, each weighted by how rare it is among them.

    Example: `OverlapIndex([canonical("What is 6 * 7?")]).candidates(canonical("what is six * 7")) == [(0, 1.0)]`
    """

    def __init__(self, known: Sequence[Canonical]) -> None:
        sets = [shingles(text.tokens, [RUN]) for text in known]
        owners = np.repeat(np.arange(len(sets)), [len(one) for one in sets])
        everything = np.concatenate(sets) if sets else np.zeros(0, dtype=np.uint64)
        order = np.argsort(everything, kind="stable")
        self._owners = owners[order]
        self._runs, self._starts, counts = np.unique(everything[order], return_index=True, return_counts=True)
        self._ends = self._starts + counts
        self._weights = np.log1p(len(sets) / np.maximum(counts, 1))
        self._totals = np.array([self._weights[np.searchsorted(self._runs, one)].sum() for one in sets])

    def candidates(self, text: Canonical, least: float = 0.3, most: int = 5) -> list[tuple[int, float]]:
        """Return the known questions of which a text holds a weighted share of at least `least`, best first."""
        if not len(self._runs):
            return []
        asked = shingles(text.tokens, [RUN])
        places = np.minimum(np.searchsorted(self._runs, asked), len(self._runs) - 1)
        places = places[self._runs[places] == asked]
        if not len(places):
            return []
        shares = self._shares(places)
        best = np.argsort(-shares, kind="stable")[:most]
        return [(int(one), float(shares[one])) for one in best if shares[one] >= least]

    def _shares(self, places: NDArray[np.intp]) -> NDArray[np.float64]:
        owners = np.concatenate([self._owners[self._starts[place] : self._ends[place]] for place in places])
        weights = np.repeat(self._weights[places], self._ends[places] - self._starts[places])
        return np.bincount(owners, weights, minlength=len(self._totals)) / self._totals
