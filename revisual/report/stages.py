"""What the stages of a run scored, cost and changed: the numbers of metrics.json, and the tables made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from revisual.core.errors import UserError
from revisual.core.wilson import wilson
from revisual.report.formats import COUNT, DURATION, MEMORY, NUMBER, PERCENT, Format, label
from revisual.report.html import Element, element, fold
from revisual.report.table import Cell, Column, Estimate, table

FRACTIONS = ("accuracy", "format", "fraction", "rate", "ratio", "kept", "truncated", "undeclared", "valid")
"""Measures with one of these words in their name are shown as percentages where they lie between 0 and 1."""
BOUNDS = ("_low", "_high")
COSTS = {"seconds": ("Time", DURATION), "tokens": ("Tokens", COUNT), "peak_memory_mib": ("Peak memory", MEMORY)}
EVERYTHING = "all"
SHARES = ("accuracy", "format")
"""Measures that are the share of questions, or a mean of shares of their answers."""

Number = float | int


@dataclass(frozen=True)
class Stage:
    """One stage of a run.

    Example: `Stage("cold_start", before={"test/greedy/shapes/accuracy": 0.1}, costs={"seconds": 60.0})`
    """

    name: str
    before: Mapping[str, Number] = field(default_factory=dict)
    after: Mapping[str, Number] = field(default_factory=dict)
    costs: Mapping[str, Number] = field(default_factory=dict)
    status: str = ""


@dataclass(frozen=True)
class Measure:
    """A key of metrics.json in its parts.

    Example: `Measure.of("test/greedy/shapes/accuracy") == Measure(
    "test/greedy/shapes/accuracy", setting="test/greedy", source="shapes", name="accuracy")`
    """

    key: str
    setting: str
    source: str
    name: str

    @classmethod
    def of(cls, key: str) -> "Measure":
        """Parse a key: the last part is what is measured, the one before it the source, the rest how."""
        *rest, name = key.split("/")
        return cls(key, setting="/".join(rest[:-1]), source=rest[-1] if rest else EVERYTHING, name=name)


def read_stages(metrics: Mapping[str, Any]) -> list[Stage]:
    """Return the stages in a metrics.json, in its order.

    Raises:
        UserError: there is no list of stages, or one has no name.
    """
    entries = metrics.get("stages")
    if not isinstance(entries, list | tuple):
        raise UserError("the metrics hold no list 'stages'")
    stages = []
    for index, entry in enumerate(entries):
        if not isinstance(entry, Mapping) or not entry.get("name"):
            raise UserError(f"stage {index} of the metrics has no name")
        before, after = _numbers(entry.get("before")), _numbers(entry.get("after"))
        costs = _numbers({name: entry.get(name) for name in COSTS})
        stages.append(Stage(str(entry["name"]), before, after, costs, str(entry.get("status") or "")))
    return stages


def _numbers(values: object) -> dict[str, Number]:
    known = values if isinstance(values, Mapping) else {}
    return {
        str(key): value
        for key, value in known.items()
        if isinstance(value, float | int) and not isinstance(value, bool) and value == value
    }


def with_bounds(scores: Mapping[str, Number], questions: Mapping[str, int]) -> dict[str, Number]:
    """Return measures with the bounds of Wilson's 95 % interval beside each share of questions.

    Several answers to a question count as one share of it, which makes the interval wider than it is.

    Args:
        scores: what was measured.
        questions: how many there are of each source.
    """
    found = dict(scores)
    for key, value in scores.items():
        measure = Measure.of(key)
        n = questions.get(measure.source, 0)
        if measure.name in SHARES and n and 0 <= value <= 1:
            found |= dict(zip((key + bound for bound in BOUNDS), wilson(value * n, n), strict=True))
    return found


def estimates(stages: Sequence[Stage], key: str) -> list[Estimate]:
    """Return one measure in each stage, with its interval and its change from the stage before.

    The first stage is what the run starts from: where it has no `after`, its `before` stands for it. A stage whose
    forerunner was not measured is compared with its own `before`.
    """
    found: list[Estimate] = []
    for index, stage in enumerate(stages):
        values = stage.after if key in stage.after or index else stage.before
        value = values.get(key)
        earlier = found[-1].value if found and found[-1].value is not None else stage.before.get(key)
        change = None if value is None or earlier is None or not index else value - earlier
        low, high = (values.get(key + bound) for bound in BOUNDS)
        found.append(Estimate(value, low, high, change))
    return found


def measures(stages: Sequence[Stage], name: str | None = None) -> list[Measure]:
    """Return the measures of any stage (called `name`, where given), setting by setting, in the order of the keys."""
    keys = dict.fromkeys(key for stage in stages for part in (stage.before, stage.after) for key in part)
    bounds = {key + bound for key in keys for bound in BOUNDS}
    found = [Measure.of(key) for key in keys if key not in bounds]
    settings = list(dict.fromkeys(measure.setting for measure in found))
    return sorted(
        (measure for measure in found if name in {None, measure.name}), key=lambda one: settings.index(one.setting)
    )


def accuracies(stages: Sequence[Stage]) -> list[Measure]:
    """Return the accuracy of each source; that of all together only where there is no other."""
    found = measures(stages, "accuracy")
    return [measure for measure in found if measure.source != EVERYTHING] or found


def format_rates(stages: Sequence[Stage]) -> list[Measure]:
    """Return the measures of how often the answer had the asked form: over all sources, or by source if need be."""
    found = measures(stages, "format")
    return [measure for measure in found if measure.source == EVERYTHING] or found


def setting_in_words(setting: str, among: Sequence[Measure]) -> str:
    """Return a setting without the parts that all share.

    Example: "test/greedy" among "test/greedy" and "test/sampled" is "greedy".
    """
    parts = [measure.setting.split("/") for measure in among]
    words = [word for word in setting.split("/") if not all(word in other for other in parts)]
    return " ".join(words or setting.split("/")[-1:]).replace("_", " ")


def format_of(name: str, values: Sequence[Number]) -> Format:
    """Return the format of a measure: percent for a share of something, else a plain number."""
    is_share = any(word in FRACTIONS for word in name.split("_")) and all(
        -1e-6 <= value <= 1 + 1e-6 for value in values
    )
    return PERCENT if is_share else NUMBER


def summarize(metrics: Mapping[str, Number]) -> str:
    """Return a measurement in one line: accuracies by source, and the format, per way of drawing answers.

    Example: `summarize({"test/greedy/shapes/accuracy": 0.5, "test/greedy/all/format": 1.0})
    == "greedy: shapes 50.0%, format 100.0%"`
    """
    stage = Stage("", after=metrics)
    by_setting: dict[str, list[str]] = {}
    for one in [*accuracies([stage]), *format_rates([stage])]:
        what = one.name if one.source == EVERYTHING else one.source.replace("_", " ")
        by_setting.setdefault(one.setting, []).append(f"{what} {PERCENT.write(metrics[one.key])}")
    return "; ".join(
        f"{setting.rpartition('/')[2]}: {', '.join(scores)}".lower() for setting, scores in by_setting.items()
    )


def headline_table(stages: Sequence[Stage]) -> Element:
    """Return one row per stage: accuracies, format rates and costs."""
    scores = [*accuracies(stages), *format_rates(stages)]
    columns = [Column("Stage"), *(_score_column(measure, scores) for measure in scores)]
    by_key = [estimates(stages, measure.key) for measure in scores]
    costs = [name for name in COSTS if any(name in stage.costs for stage in stages)]
    columns += [Column(COSTS[name][0], format=COSTS[name][1]) for name in costs]
    rows: list[list[Cell]] = []
    for index, stage in enumerate(stages):
        status = element("small", stage.status) if stage.status else None
        name = element("span", label(stage.name), status)
        rows.append([name, *(column[index] for column in by_key), *(stage.costs.get(cost) for cost in costs)])
    caption = "Below a value: its change from the stage before, in percentage points, and its interval, where known."
    return table(columns, rows, caption)


def _score_column(measure: Measure, among: Sequence[Measure]) -> Column:
    setting = setting_in_words(measure.setting, among)
    if measure.name == "accuracy":
        return Column(label(measure.source), setting, PERCENT, best="max")
    source = "" if measure.source == EVERYTHING else measure.source
    return Column(label(measure.name), f"{setting} {source}".strip(), PERCENT, best="max")


def detail_table(stages: Sequence[Stage]) -> Element:
    """Return a folded table of every measure in every stage."""
    found = measures(stages)
    rows: list[list[Cell]] = []
    for measure in found:
        values = estimates(stages, measure.key)
        form = format_of(measure.name, [one.value for one in values if one.value is not None])
        rows.append([measure.key, *(_with_change(one, form) for one in values)])
    content = table(["Measure", *(Column(label(stage.name)) for stage in stages)], rows)
    return fold(f"All {len(found)} measures", content)


def _with_change(estimate: Estimate, form: Format) -> str:
    change = "" if estimate.change is None else f" ({form.write_change(estimate.change)})"
    return form.write(estimate.value) + change
