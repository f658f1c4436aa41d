"""The contract of a curation step, and what it is given to work with."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from revisual.core.progress import Progress, Silent, Task
from revisual.core.ranges import Ranged
from revisual.data_recipes.grammar.drops import DropLog
from revisual.data_recipes.grammar.items import Items
from revisual.data_recipes.grammar.store import SampleStore


@dataclass(frozen=True)
class Outcome:
    """What a step leaves: the items that are kept, and what the data card says of it."""

    items: Items
    notes: Mapping[str, Any] = field(default_factory=dict)
    """JSON for the card; a step's own."""


@dataclass(frozen=True)
class Work:
    """What a step works with.

    Example: `Work(Path("out/topics"), items, SampleStore(Path("out/collect/samples")), drops, Path("out/answers"))`
    """

    folder: Path
    """Its own; what lies there from an interrupted call with the same settings may be gone on with."""
    items: Items
    """What the steps before kept; empty for the first."""
    samples: SampleStore
    drops: DropLog
    """Where it says what it drops."""
    journals: Path
    """Folder for answers of models, which outlives changed settings: no question is asked twice."""
    cache: Path = Path("cache")
    """Folder for what is costly and outlives changed settings; its entries go by what they depend on."""
    before: str = ""
    """What the items depend on, as a hash."""
    seed: int = 0
    notes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The summaries of the steps before, by their names."""
    shown: Progress = field(default_factory=Silent)
    """Where it tells how far it is."""

    def progress(self, what: str, total: int | None = None) -> AbstractContextManager[Task]:
        """Show how far a part of the step is."""
        return self.shown.task(f"{self.folder.name}: {what}", total)


class Step(Ranged, ABC):
    """One step of the curation. Implemented as frozen dataclasses.

    Two steps that are equal do the same, so that a field without influence on the result (an address, a number of
    requests at once) is to be declared with `compare=False`: changing it does not make a finished step stale.
    """

    def require(self) -> None:  # most need nothing
        """Check, before the first step of all runs, that what this one needs is installed.

        Raises:
            UserError: something is not.
        """

    @abstractmethod
    def run(self, work: Work) -> Outcome:
        """Run the step, all of it or what an interrupted call left to do.

        Raises:
            UserError: it cannot; what is finished is kept.
        """
