"""Step 5: a balanced choice over topic and difficulty for each stage of training."""

from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from revisual.core.errors import UserError
from revisual.core.ranges import NonNegativeInt, PositiveInt, check_order, check_ranges
from revisual.core.seeds import stable_seed
from revisual.data_recipes.grammar.items import Items
from revisual.data_recipes.grammar.step import Outcome, Step, Work

Cell = tuple[str, int]
"""Topic and level."""
QUOTED = ("source", "topic", "level")


@dataclass(frozen=True)
class Part:
    """What one stage of training needs.

    Example: `Part("multimodal_rl", size=21_000, modality="pictures")`

    Args:
        name: of the part, and of its folder.
        size: at most so many samples; None for all that there are.
        modality: text alone, with pictures, or both.
        solution: only samples with a worked solution, as a cold start needs.
        easiest: lowest level that is taken; items without a level are taken if it is 1.
        hardest: highest level that is taken.
    """

    name: str
    size: PositiveInt | None = None
    modality: Literal["text", "pictures", "both"] = "both"
    solution: bool = False
    easiest: PositiveInt = 1
    hardest: PositiveInt = 10

    def __post_init__(self) -> None:
        check_ranges(self)
        if not self.name.replace("_", "").replace("-", "").isalnum():
            raise UserError(f"balance: {self.name!r} cannot be a folder's name")
        check_order(self, "easiest", "hardest")

    def eligible(self, items: Items) -> NDArray[np.bool_]:
        """Return which items fit [N]."""
        pictured = items.column("pictures") > 0
        fits = {"text": ~pictured, "pictures": pictured, "both": np.ones(len(items), dtype=bool)}[self.modality]
        if self.solution:
            fits = fits & items.column("solution")
        if items.has("level"):
            level = items.column("level")
            graded = (level >= self.easiest) & (level <= self.hardest)
            fits = fits & (graded | ((level == 0) & (self.easiest == 1)))
        return np.asarray(fits)


DEFAULT_PARTS = (
    Part("cold_start", 47_000, "text", solution=True),
    Part("multimodal_rl", 21_000, "pictures"),
    Part("text_rl", 31_000, "text"),
)
"""GRAMMAR's sizes (ReVisual-R1, section 3)."""


@dataclass(frozen=True)
class Balance(Step):
    """Takes samples in turn from every cell of topic and level; within a cell by chance.

    So a rare cell gives all it has and no large one crowds it out.

    Parts are filled in their order, and no sample is in two of them.

    Args:
        parts: what to fill; by default of ReVisual-R1's sizes (section 3): 47,000, 21,000 and 31,000 samples.
        quotas: at most so many samples per part of a source, topic or level, e.g. `{"source": {"gsm8k": 2000}}`.
    """

    parts: tuple[Part, ...] = DEFAULT_PARTS
    quotas: Mapping[str, Mapping[str, NonNegativeInt]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        names = [part.name for part in self.parts]
        if not names or len(set(names)) < len(names):
            raise UserError(f"balance: parts need names of their own, got {', '.join(names) or 'none'}")
        unknown = sorted(set(self.quotas) - set(QUOTED))
        if unknown:
            raise UserError(f"balance: quotas of {unknown[0]!r} are not known; there are: {', '.join(QUOTED)}")

    @override
    def run(self, work: Work) -> Outcome:
        items = work.items
        labels = _labels(items)
        part_of = np.full(len(items), "", dtype=object)
        notes: dict[str, Any] = {}
        for part in self.parts:
            free = np.flatnonzero(part.eligible(items) & (part_of == ""))
            rng = np.random.default_rng(stable_seed("balance", work.seed, part.name))
            taken = balance(free, labels, part.size, self.quotas, rng)
            part_of[taken] = part.name
            notes[part.name] = {"eligible": len(free), "taken": len(taken), "wanted": part.size}
        keep = part_of != ""
        if not keep.any():
            raise UserError("balance: no sample fits any part; the data card of an earlier run says what there is")
        for source, count in Counter(np.asarray(labels["source"])[~keep].tolist()).items():
            work.drops.count("not drawn", source, count)
        return Outcome(items.with_column("part", part_of).where(keep), notes)


def _labels(items: Items) -> dict[str, list[str]]:
    """Return the labels that quotas and cells are counted by, each [N]."""
    levels = [str(level) for level in items.column("level")] if items.has("level") else ["0"] * len(items)
    topics = items.names("topic") if items.has("topic") else ["all"] * len(items)
    return {"source": items.names("source"), "topic": topics, "level": levels}


def balance(
    places: NDArray[np.int64],
    labels: Mapping[str, Sequence[str]],
    size: PositiveInt | None,
    quotas: Mapping[str, Mapping[str, int]],
    rng: np.random.Generator,
) -> list[int]:
    """Take at most `size` of `places` in turn from the cells of topic and level, within the quotas; ascending.

    Example: of cells with 100, 100 and 2 items, `size=10` takes 4, 4 and 2
    """
    cells = defaultdict[tuple[str, str], deque[int]](deque)
    for place in rng.permutation(places):
        cells[labels["topic"][place], labels["level"][place]].append(int(place))
    left = {name: dict(limits) for name, limits in quotas.items()}
    order = [sorted(cells)[k] for k in rng.permutation(len(cells))]
    taken: list[int] = []
    while order and (size is None or len(taken) < size):
        remaining = []
        for cell in order:
            place = _next(cells[cell], labels, left)
            if place is None:
                continue
            taken.append(place)
            remaining.append(cell)
            if len(taken) == size:
                break
        order = remaining
    return sorted(taken)


def _next(queue: deque[int], labels: Mapping[str, Sequence[str]], left: Mapping[str, dict[str, int]]) -> int | None:
    """Return the next item of a cell that no quota forbids, counted against them."""
    while queue:
        place = queue.popleft()
        limits = [(limit, labels[name][place]) for name, limit in left.items()]
        if all(limit.get(label, 1) > 0 for limit, label in limits):
            for limit, label in limits:
                if label in limit:
                    limit[label] -= 1
            return place
    return None
