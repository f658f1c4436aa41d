"""Curves from a logger's table."""

import csv
from pathlib import Path

from revisual.core.errors import UserError

INDEX_COLUMNS = {"step", "epoch"}


def read_csv_curves(metrics_csv: Path) -> dict[str, tuple[list[float], list[float]]]:
    r"""Return the curves in the metrics.csv of Lightning's `CSVLogger`: name to (steps, values), in the order of steps.

    Empty cells are skipped. A step that was logged twice, as after a resume, keeps its later value.

    Example: the file `epoch,step,loss\n0,9,1.5\n0,19,0.5\n` gives `{"loss": ([9.0, 19.0], [1.5, 0.5])}`.

    Raises:
        UserError: the file is missing, has no column `step`, or a cell is not a number.
    """
    curves: dict[str, dict[float, float]] = {}
    try:
        with metrics_csv.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            if reader.fieldnames and "step" not in reader.fieldnames:
                raise UserError(f"{metrics_csv} has no column 'step'")
            for row in reader:
                _add_row(curves, row, f"{metrics_csv}, line {reader.line_num}")
    except OSError as error:
        raise UserError(f"cannot read {metrics_csv}: {error.strerror}") from error
    ordered = {name: sorted(points.items()) for name, points in curves.items()}
    return {name: ([step for step, _ in pairs], [value for _, value in pairs]) for name, pairs in ordered.items()}


def _add_row(curves: dict[str, dict[float, float]], row: dict[str, str | None], where: str) -> None:
    numbers: dict[str, float] = {}
    for name, text in row.items():
        if not isinstance(name, str) or not text:
            continue
        try:
            numbers[name] = float(text)
        except ValueError as error:
            raise UserError(f"{where}, column {name!r}: {text!r} is not a number") from error
    if "step" in numbers:
        for name, value in numbers.items():
            if name not in INDEX_COLUMNS:
                curves.setdefault(name, {})[numbers["step"]] = value
