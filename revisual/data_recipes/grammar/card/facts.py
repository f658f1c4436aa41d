"""Everything that a data card says, before it is written down."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from revisual.data_recipes.grammar.items import Items


@dataclass(frozen=True)
class StepFacts:
    """What one step did."""

    name: str
    before: int
    after: int
    dropped: Mapping[str, Mapping[str, int]]
    """By reason, then by source."""
    after_by_source: Mapping[str, int]
    notes: Mapping[str, Any]
    seconds: float


@dataclass(frozen=True)
class Facts:
    """The content of a card."""

    title: str
    sources: Sequence[Mapping[str, Any]]
    """As the config states them, with how many samples were read."""
    steps: Sequence[StepFacts]
    parts: Mapping[str, Mapping[str, int]]
    """Samples by part and split."""
    by: Mapping[str, Mapping[str, Mapping[str, int]]]
    """Per part, for `source`, `licence`, `topic` and `level` the counts."""
    cells: Mapping[str, Mapping[str, int]]
    """Samples by topic, then by level, all parts together."""

    @property
    def total(self) -> int:
        """Samples that came out."""
        return sum(count for splits in self.parts.values() for count in splits.values())

    @property
    def by_source(self) -> dict[str, int]:
        """Samples that came out, by their source."""
        found: Counter[str] = Counter()
        for counts in self.by.values():
            found.update(counts["source"])
        return found

    def step(self, name: str) -> StepFacts | None:
        """Return a step, if it was done."""
        return next((step for step in self.steps if step.name == name), None)


def facts_of(
    title: str, summaries: Mapping[str, Mapping[str, Any]], items: Items, parts: Mapping[str, Mapping[str, int]]
) -> Facts:
    """Return the facts of a run: from what the steps noted and from what is left."""
    steps = [
        StepFacts(name, s["before"], s["after"], s["dropped"], s["after_by_source"], s["notes"], s["seconds"])
        for name, s in summaries.items()
    ]
    sources: list[Mapping[str, Any]] = next((step.notes["sources"] for step in steps if "sources" in step.notes), [])
    licences = {source["name"]: source["licence"] for source in sources}
    part_of = items.names("part") if items.has("part") else ["data"] * len(items)
    columns = {
        "source": items.names("source"),
        "licence": [licences.get(name, "unknown") for name in items.names("source")],
        "topic": items.names("topic") if items.has("topic") else [],
        "level": [level_name(int(level)) for level in items.column("level")] if items.has("level") else [],
    }
    by: dict[str, dict[str, dict[str, int]]] = {name: {} for name in parts}
    for column, values in columns.items():
        for name in parts:
            counts = Counter(value for value, part in zip(values, part_of, strict=False) if part == name)
            by[name][column] = dict(sorted(counts.items(), key=lambda pair: _order(column, pair)))
    cells: dict[str, dict[str, int]] = {}
    levels = columns["level"] or [level_name(0)] * len(items)
    for (topic, level), count in sorted(Counter(zip(columns["topic"], levels, strict=False)).items()):
        cells.setdefault(topic, {})[level] = count
    return Facts(title, sources, steps, parts, by, cells)


def level_name(level: int) -> str:
    """Return a level in words.

    Example: `level_name(0) == "ungraded"`
    """
    return str(level) if level else "ungraded"


def _order(column: str, pair: tuple[str, int]) -> tuple[int, str]:
    if column == "level":
        return (int(pair[0]) if pair[0].isdigit() else 99, pair[0])
    return (-pair[1], pair[0])


def reasons(step: StepFacts) -> list[tuple[str, int]]:
    """Return why samples were dropped, the commonest reason first."""
    counts = {reason: sum(sources.values()) for reason, sources in step.dropped.items()}
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
