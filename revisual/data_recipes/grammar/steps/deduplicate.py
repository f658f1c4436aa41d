"""Step 1b: of questions that are the same, the first one stays."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from revisual.core.progress import Task
from revisual.core.ranges import PositiveFraction
from revisual.data.sample import Sample
from revisual.data_recipes.grammar.chunks import array_of
from revisual.data_recipes.grammar.drops import Drop
from revisual.data_recipes.grammar.grouping import UnionFind, buckets
from revisual.data_recipes.grammar.pictures import ALIKE, THUMBNAIL, alike, thumbnails
from revisual.data_recipes.grammar.step import Outcome, Step, Work
from revisual.data_recipes.grammar.text.canonical import Canonical, canonical
from revisual.data_recipes.grammar.text.likeness import Likeness, compare
from revisual.data_recipes.grammar.text.minhash import MinHash
from revisual.data_recipes.grammar.text.shingles import shingles

LEADERS = 24
"""A member of a bucket is compared with at most so many others in it."""
TILE = 256
"""Pictures of a bucket that are compared with each other at once."""
DUPLICATE = (Likeness.EQUAL, Likeness.SAME)


@dataclass(frozen=True)
class Deduplicate(Step):
    """Drops what asks the same as an earlier sample, in other words or not.

    Candidates meet in a band of a MinHash signature over runs of one and two tokens of question and choices, and hold
    the same numbers. A pair is a duplicate if the questions are the same (`text.likeness`), and if
    the answers agree, unless the texts are equal. A question such as "Find x." stands under many pictures: those must
    be the same too, but for size, compression and a crop of a few percent, and so must the answers. The first sample
    stays, or the first that has a worked solution.

    Args:
        minhash: bands and rows of the signatures.
        same_picture: the correlation from which two pictures are the same.
    """

    minhash: MinHash = field(default_factory=MinHash)
    same_picture: PositiveFraction = ALIKE

    @override
    def run(self, work: Work) -> Outcome:
        items = work.items
        with work.progress("signatures", len(items)) as progress:
            keys = array_of(work.folder / "keys", work.samples, items.rows, self._keys, progress)
        pairs = Pairs(work)
        pictured = items.column("pictures") > 0
        with work.progress("pairs") as progress:
            self._join_texts(keys, np.flatnonzero(~pictured), pairs, progress)
            if pictured.any():
                self._join_pictures(work, keys, np.flatnonzero(pictured), pairs, progress)
        leaders = np.array([pairs.groups.find(place) for place in range(len(items))])
        chosen = with_solution(leaders, items.column("solution"))
        keep = chosen == np.arange(len(items))
        for place in np.flatnonzero(~keep).tolist():
            source, id = items.key(place)
            kind = pairs.kinds.get(place, pairs.kinds.get(int(chosen[place]), Likeness.SAME))
            reason = f"duplicate: {'exact' if kind == Likeness.EQUAL else 'near'}"
            work.drops.add(Drop(source, id, reason, {"of": "/".join(items.key(int(chosen[place])))}))
        return Outcome(items.where(keep), {"groups": len(set(leaders[~keep].tolist()))})

    def _keys(self, samples: Sequence[Sample]) -> NDArray[np.uint64]:
        """Return a number per band [N, bands]; texts with other numbers never meet, nor pictures with other answers."""
        found = np.zeros((len(samples), self.minhash.bands), dtype=np.uint64)
        for place, sample in enumerate(samples):
            text = canonical(text_of(sample))
            answer = canonical(sample.answer).tokens if sample.images else ()
            salt = salt_of([*text.numbers, str(len(sample.images)), *answer])
            found[place] = self.minhash.keys(shingles(text.tokens, (1, 2)), salt)
        return found

    def _join_texts(self, keys: NDArray[np.generic], texts: NDArray[np.int64], pairs: "Pairs", progress: Task) -> None:
        for band in range(self.minhash.bands):
            for bucket in buckets(np.asarray(keys[texts, band], dtype=np.uint64)):
                pairs.join(texts[bucket])
                progress.add(len(bucket))

    def _join_pictures(
        self, work: Work, keys: NDArray[np.generic], pictured: NDArray[np.int64], pairs: "Pairs", progress: Task
    ) -> None:
        rows = work.items.rows[pictured]
        with work.progress("pictures", len(pictured)) as reading:
            small = array_of(work.folder / "pictures", work.samples, rows, thumbnails, reading)
        assert small.shape[1] == THUMBNAIL
        done: set[bytes] = set()  # the same question under many pictures is the same bucket in every band
        for band in range(self.minhash.bands):
            for bucket in buckets(np.asarray(keys[pictured, band], dtype=np.uint64)):
                if bucket.tobytes() not in done:
                    done.add(bucket.tobytes())
                    self._join_bucket(np.asarray(small[bucket], dtype=np.uint8), pictured[bucket], pairs)
                progress.add(len(bucket))

    def _join_bucket(self, small: NDArray[np.uint8], places: NDArray[np.int64], pairs: "Pairs") -> None:
        for i in range(0, len(places), TILE):
            for j in range(i, len(places), TILE):
                same = alike(small[i : i + TILE], small[j : j + TILE]) >= self.same_picture
                for a, b in np.argwhere(same):
                    if i + a < j + b:
                        pairs.join(places[[i + a, j + b]])


class Pairs:
    """Which items are the same: groups, and for what joined one how alike it was."""

    def __init__(self, work: Work) -> None:
        self.groups, self.kinds = UnionFind(len(work.items)), dict[int, Likeness]()
        rows, samples = work.items.rows, work.samples

        @lru_cache(maxsize=100_000)
        def texts_of(place: int) -> tuple[Canonical, tuple[str, ...], int]:
            sample = samples.sample(int(rows[place]))
            return canonical(text_of(sample)), canonical(sample.answer).tokens, len(sample.images)

        self._texts_of = texts_of

    def likeness(self, one: int, other: int) -> Likeness:
        """Return the likeness of the texts of two items, their answers considered."""
        (text, answer, pictures), (other_text, other_answer, other_pictures) = map(self._texts_of, (one, other))
        if pictures != other_pictures:
            return Likeness.DIFFERENT
        found = compare(text, other_text).likeness
        if answer != other_answer and (found != Likeness.EQUAL or pictures):
            return Likeness.TWIN  # a word or a number in a picture makes it another question
        return found

    def join(self, bucket: NDArray[np.int64]) -> None:
        """Join equal samples; each is compared with those that differ from each other so far."""
        leaders: list[int] = []
        for place in map(int, bucket):
            for leader in leaders[-LEADERS:]:
                if self.groups.find(place) == self.groups.find(leader):
                    break
                kind = self.likeness(leader, place)
                if kind in DUPLICATE:
                    self.groups.join(leader, place)
                    self.kinds[place] = kind
                    break
            else:
                leaders.append(place)


def text_of(sample: Sample) -> str:
    """Return the text to compare: the question and its choices."""
    return "\n".join([sample.question, *(sample.choices or ())])


def salt_of(parts: Sequence[str]) -> int:
    """Return 64 bits that depend on all parts."""
    return int.from_bytes(blake2b("|".join(parts).encode(), digest_size=8).digest())


def with_solution(leaders: NDArray[np.int64], has_solution: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return for each item the one of its group that stays [N]: the first with a worked solution, or else the first.

    Example: `with_solution(np.array([0, 0, 2]), np.array([False, True, False])).tolist() == [1, 1, 2]`
    """
    best = dict[int, int]()
    for place, leader in enumerate(leaders):
        stays = best.setdefault(int(leader), place)
        if has_solution[place] and not has_solution[stays]:
            best[int(leader)] = place
    return np.array([best[int(leader)] for leader in leaders], dtype=np.int64)
