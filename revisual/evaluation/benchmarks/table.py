"""A benchmark that is a table of questions: all of the shipped ones are, and most others can be, by arguments alone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from revisual.core.errors import UserError
from revisual.core.ranges import QuestionTemplate
from revisual.data.choices import with_letters
from revisual.data.readers.row import FIELDS, Row, lookup, sample_from_row
from revisual.data.sample import Sample
from revisual.evaluation.answers import FieldValue, ScoredAnswer
from revisual.evaluation.benchmark import Benchmark, Item
from revisual.evaluation.cleaning import ORIGINAL_GOLD
from revisual.evaluation.metrics.figures import Figure, Metrics
from revisual.evaluation.metrics.problems import Problem
from revisual.evaluation.metrics.standard import standard_metrics
from revisual.evaluation.presets import Preset
from revisual.evaluation.sources import Source
from revisual.grading.grader import Grader

_SLOT = re.compile(r"\{(question|choices)\}")


@dataclass(frozen=True, kw_only=True)
class TableBenchmark(Benchmark):
    r"""A table of questions, the mean of their scores, and its split by columns.

    Example: `TableBenchmark(name="sums", jsonl="sums.jsonl", fields=("level",), template="{question}\nA number.")`

    Args:
        name: what it is called in results.
        hub: its name on the hub, also that of a local folder with the same files.
        subset: its configuration, if it has several.
        split: of the hub's data set.
        jsonl: a file below the data folder, with the fields of `Sample`, and others in `extra`.
        columns: from a field of `Sample`, or a name in `fields`, to the hub's column, where that has another name; a
            dot goes into an object.
        fields: columns that answers carry along.
        by: those of `fields` to split the mean score by; all of them by default.
        template: the prompt; {question} and {choices} ("A. 12", a line each) are filled in.
        cleaned: gold answers in place of dirty ones; figures by the original ones are given too.
        cleaned_by: the name of the column that `cleaned` goes by.
    """

    name: str
    hub: str | None = None
    subset: str | None = None
    split: str = "test"
    jsonl: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    fields: Sequence[str] = ()
    by: Sequence[str] | None = None
    template: QuestionTemplate = "{question}\n{choices}"
    cleaned: Mapping[str, str] = field(default_factory=dict)
    cleaned_by: str = "id"

    def items(self, root: Path | None) -> Iterator[Item]:
        """Yield the rows as items, in order.

        Raises:
            UserError: the data is missing, a row is bad, or two have the same id; names the place.
        """
        ids: set[str] = set()
        for row in self.rows(root):
            try:
                item = self.item(row)
                if item is not None and item.sample.id in ids:
                    raise UserError(f"the id {item.sample.id!r} is taken by an earlier row")
            except UserError as error:
                raise UserError(f"{row.place}: {error}") from error.__cause__
            except KeyError as error:
                raise UserError(f"{row.place}: no column {error}; there are: {', '.join(row.values)}") from error
            if item is not None:
                ids.add(item.sample.id)
                yield item
        if not ids:
            raise UserError(f"{self.name}: no rows")

    def rows(self, root: Path | None) -> Iterator[Row]:
        """Return the rows of the data, before anything is made of them."""
        return self.source.rows(root)

    @property
    def source(self) -> Source:
        """The place of its rows."""
        return Source(self.hub, self.subset, self.split, self.jsonl)

    def item(self, row: Row) -> Item | None:
        """Return the item that a row asks about, or None if it cannot be asked."""
        values = self.tidy({**row.values, **self._rename(row.values)})
        values["source"] = self.name
        fields = {name: _field(values.get(name)) for name in self.fields}
        gold = self.cleaned.get(str(values.get(self.cleaned_by)))
        if gold is not None and gold != values["answer"]:
            fields[ORIGINAL_GOLD] = str(values["answer"])
            values["answer"] = gold
        # Pictures may come from columns of other names, which cannot be read again by the sample's.
        own = replace(row, values={name: values.get(name) for name in FIELDS}, stored=None)
        sample = sample_from_row(own, columns={})
        return Item(sample, fields)

    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the values of a row under the names of `Sample` and `fields`, cleaned: for subclasses."""
        return values

    def prompt(self, item: Item, preset: Preset) -> str:
        """Return the template with its slots filled, and the preset's suffix."""
        return preset.around(self.official_prompt(item.sample, item.fields))

    def official_prompt(self, sample: Sample, fields: Mapping[str, FieldValue]) -> str:
        """Return the benchmark's own text for a question: for subclasses, where a template is not enough."""
        slots = {"question": sample.question, "choices": "\n".join(with_letters(sample.choices or ()))}
        return _SLOT.sub(lambda slot: slots[slot[1]], self.template).strip()

    def metrics(self, answers: Sequence[ScoredAnswer], grader: Grader) -> Metrics:
        """Return the headline, the mean score, repeats, further figures, and the mean score by each of `by`."""
        by = self.fields if self.by is None else self.by
        return standard_metrics(self.name, answers, grader, by, self.headline, self.other_figures, self.unwrap)

    def other_figures(self, problems: Sequence[Problem]) -> Sequence[Figure]:
        """Return further figures of the benchmark's own, beside the headline: for subclasses."""
        return ()

    def _rename(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: lookup(values, column, name) for name, column in self.columns.items() if name not in values}


def _field(value: Any) -> FieldValue:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return [str(one) for one in value] if isinstance(value, list | tuple) else str(value)
