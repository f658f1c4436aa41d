"""`revisual compare`: two evaluations, question by question."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from revisual.cli.command import FunctionCommand
from revisual.cli.tables import number_table, wide_console
from revisual.core.errors import UserError
from revisual.core.files import write_atomically
from revisual.evaluation.answers import ScoredAnswer, read_answers
from revisual.evaluation.compare import Difference, only_in_one
from revisual.evaluation.compare import compare as differences
from revisual.evaluation.results import RESULTS, read_settings
from revisual.report.formats import PERCENT

ASKED = ("preset", "n", "temperature", "top_p", "top_k", "max_tokens", "min_pixels", "max_pixels", "rules", "judge")
"""Settings of an evaluation that change its figures, whatever the model."""


def compare(a: Path, b: Path, *, out: Path | None = None) -> None:
    """Compare two evaluations on the questions that both answered: B less A, with 95 % bootstrap intervals.

    Args:
        a: an evaluation's folder, or its results.jsonl.
        b: the other one.
        out: a JSON file for the numbers.
    """
    first, second = read_evaluation(a), read_evaluation(b)
    found = differences(first, second)
    if out is not None:
        write_atomically(out, json.dumps([asdict(one) for one in found], indent=2) + "\n")
    console = wide_console()
    console.print(table(found))
    for line in list_differences(*(read_settings(path if path.is_dir() else path.parent) for path in (a, b))):
        console.print(line, markup=False)
    alone = only_in_one(first, second)
    if alone:
        console.print(f"only in one of them: {', '.join(alone)}", markup=False)


def list_differences(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """Return a line where two evaluations were asked or counted differently, which a difference may come from."""
    if not a or not b:
        return []
    told = [f"{name} {a.get(name)} / {b.get(name)}" for name in ASKED if a.get(name) != b.get(name)]
    return [f"not asked alike (A / B): {', '.join(told)}; a difference may come from that"] if told else []


def read_evaluation(path: Path) -> list[ScoredAnswer]:
    """Read the answers of an evaluation.

    Raises:
        UserError: there are none.
    """
    answers = list(read_answers(path / RESULTS if path.is_dir() else path))
    if not answers:
        raise UserError(f"{path}: no answers")
    return answers


def table(found: Sequence[Difference]) -> Table:
    """Return a row per benchmark; a star marks a difference whose interval leaves out 0."""
    made = number_table("", "A", "B", "B − A", "95 %", "", "problems", "better", "worse", "left out")
    for one in found:
        between = "-"
        if one.low is not None and one.high is not None:
            between = f"{PERCENT.write_change(one.low)} to {PERCENT.write_change(one.high)}"
        scores = (PERCENT.write(one.a), PERCENT.write(one.b), PERCENT.write_change(one.mean), between)
        numbers = (one.n, one.gained, one.lost, one.left_out)
        made.add_row(one.benchmark, *scores, "*" if one.is_clear else "", *(str(number) for number in numbers))
    return made


COMMAND = FunctionCommand(compare)
