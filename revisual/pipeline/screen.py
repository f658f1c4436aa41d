"""What a pipeline says on the terminal."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from revisual.report.formats import PERCENT, label
from revisual.report.stages import (
    COSTS,
    EVERYTHING,
    Measure,
    Number,
    Stage,
    accuracies,
    estimates,
    format_rates,
    read_stages,
    setting_in_words,
)


class Screen:
    """Lines that stay, and on a terminal one that is written over."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """A line that stays."""
        self._clear()
        self.console.print(Text(text))

    def progress(self, text: str) -> None:
        """What goes on now; shown on a terminal only."""
        if self.console.is_terminal:
            self._clear()
            sys.stdout.write(text[: self.console.width - 1])
            sys.stdout.flush()

    def complain(self, lines: Sequence[str]) -> None:
        """The end of a failed command's output."""
        self._clear()
        print("\n".join(f"    {line}" for line in lines), file=sys.stderr)

    def table(self, metrics: Mapping[str, Any]) -> None:
        """The run's results."""
        self._clear()
        self.console.print(results(read_stages(metrics)), soft_wrap=False)

    def _clear(self) -> None:
        if self.console.is_terminal:
            sys.stdout.write("\r\033[K")
            sys.stdout.flush()


def results(stages: Sequence[Stage]) -> Table:
    """A column per stage, a row per measure: there may be many sources, and stages are few."""
    table = Table("", *(label(stage.name) for stage in stages))
    for column in table.columns[1:]:
        column.justify = "right"
    scores = [*accuracies(stages), *format_rates(stages)]
    for measure in scores:
        values = [PERCENT.write(one.value) for one in estimates(stages, measure.key)]
        table.add_row(_name(measure, scores), *values)
    for key, (name, form) in COSTS.items():
        if any(key in stage.costs for stage in stages):
            table.add_row(name, *(form.write(stage.costs.get(key)) for stage in stages))
    return table


def summary(metrics: Mapping[str, Number]) -> str:
    """A measurement in one line: accuracies by source, and the format, per way of drawing answers.

    Example: `summary({"test/greedy/shapes/accuracy": 0.5, "test/greedy/all/format": 1.0})
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


def _name(measure: Measure, among: Sequence[Measure]) -> str:
    source = "" if measure.source == EVERYTHING else measure.source.replace("_", " ")
    settings = {one.setting for one in among}
    setting = f", {setting_in_words(measure.setting, among)}" if len(settings) > 1 else ""
    words = f"{source} {measure.name}".strip()
    return words[:1].upper() + words[1:] + setting
