r"""Systems of equations and aligned lines: `cases`, `aligned`, `gathered`, `array` as lists of their rows."""

import re

_NAMES = r"(?:[dr]?cases|align(?:ed|at|edat)?|gather(?:ed)?|split|equation|multline|eqnarray|array|flalign|matrix)\*?"
_ENVIRONMENT = re.compile(
    r"(?:\\left ?)?(?:\\\{|\\lbrace)? ?(?:\\left ?)?"
    rf"\\begin ?\{{ ?({_NAMES}) ?\}}(?: ?\[[tbc]\])?(?: ?\{{[lcr|@ .\d]*\}})?"
    rf"((?:(?!\\begin|\\end).)*)\\end ?\{{ ?\1 ?\}}"
    r"(?: ?\\right ?(?:\.|\\\}))?",
    re.DOTALL,
)
_BREAK = re.compile(r"\\\\(?: ?\[[^\]\n]*\])?|\\cr(?![A-Za-z])|\\newline")
_BETWEEN = re.compile(r"\s*(?:,|;|\\text ?\{ ?(?:or|and) ?\}|or|and|\\(?:lor|vee|land|wedge|quad|qquad)|\s)\s*")
_SIGN = re.compile(r"=|<|>|\\(?:leq?|geq?|neq?|lt|gt|in|approx|equiv)(?:slant)?(?![A-Za-z])")
_CONTINUES = re.compile(r"\s*(?:=|<|>|\\(?:leq?|geq?|approx)(?![A-Za-z]))")
MAX_ROWS = 100


def unfold_systems(text: str) -> str:
    r"""Write a system as the list of its equations, and aligned lines as one line each.

    A row of values beside conditions (a function by cases) or of several columns without signs (a matrix) is left.

    Example: `unfold_systems(r"\begin{cases}x=1\\y=2\end{cases}") == "x=1, y=2"`
    """
    if "\\begin" not in text:
        return text
    found = list(_ENVIRONMENT.finditer(text))
    lists = [_unfold(match[1], match[2]) for match in found]
    if not found or any(rows is None for rows in lists):
        return text
    edges = [0, *(edge for match in found for edge in match.span()), len(text)]
    outside = [text[edges[index] : edges[index + 1]] for index in range(0, len(edges), 2)]
    if len(found) > 1 and all(_BETWEEN.fullmatch(part) for part in outside[1:-1]):
        outside[1:-1] = [" ; "] * (len(found) - 1)
    pieces = [outside[0]]
    for rows, part in zip(lists, outside[1:], strict=True):
        pieces += [rows or "", part]
    return "".join(pieces)


def _unfold(name: str, body: str) -> str | None:
    """Return the rows of one environment, None if they are no equations."""
    rows = [row.strip().rstrip(",;.").strip() for row in _BREAK.split(body)]
    rows = [row for row in rows if row]
    if not rows or len(rows) > MAX_ROWS:
        return None
    if any(_is_conditional(row, name) for row in rows) or (name == "matrix" and not all(map(_SIGN.search, rows))):
        return None
    joined: list[str] = []
    for row in rows:
        row = row.replace("&", " ").strip()
        if joined and _CONTINUES.match(row):
            joined[-1] += " " + row
        else:
            joined.append(row)
    return ", ".join(joined)


def _is_conditional(row: str, name: str) -> bool:
    """Return whether a row is a value beside its condition, or the row of a matrix."""
    columns = row.split("&")
    if len(columns) == 1:
        return False
    first, rest = columns[0], "&".join(columns[1:])
    if "cases" in name:
        return not _SIGN.search(first) and not _CONTINUES.match(rest)
    return name.startswith("array") and not _SIGN.search(row)
