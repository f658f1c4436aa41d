"""Tables in Markdown."""

from collections.abc import Sequence

Cells = Sequence[str | int | float | None]


def table(head: Sequence[str], rows: Sequence[Cells]) -> str:
    r"""Return a table; what a cell holds is text.

    Example: `table(["a"], [["x|y"]]).splitlines()[2] == "| x\\|y |"`
    """
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(cell(value) for value in row)} |" for row in rows]
    return "\n".join(lines)


def cell(value: str | int | float | None) -> str:
    """Return a value as it stands in a table: nothing in it is markup."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    text = " ".join(str(value).split())
    for sign in "\\|<>`*[]":
        text = text.replace(sign, f"\\{sign}" if sign not in "<>" else {"<": "&lt;", ">": "&gt;"}[sign])
    return text
