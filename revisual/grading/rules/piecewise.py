r"""Reads functions by cases: `\begin{cases} x & x \ge 0 \\ -x & x < 0 \end{cases}`."""

from collections.abc import Callable

from revisual.grading.rules.formulas import parse_formula
from revisual.grading.rules.lexer import Token
from revisual.grading.rules.tree import Tree, Unreadable
from revisual.grading.rules.values import Formula, Group, Piecewise, Relation, Value

_NAMES = frozenset({"cases", "dcases", "array"})
_WORDS = frozenset({"if", "for", "when", "where", "as", "and", ",", ";", r"\quad", r"\qquad", ":"})
_CONDITIONAL = frozenset({"<", ">", "=", r"\le", r"\ge", r"\ne", r"\in", "otherwise", "else", "elsewhere"})
_OTHERWISE = frozenset({"otherwise", "else", "elsewhere"})


def read_piecewise(found: list[Token], read_value: Callable[[list[Token]], Value]) -> Piecewise | None:
    """Return the function by cases that tokens spell, None for anything else.

    Raises:
        Unreadable: a case has no formula, or no condition that bounds a variable.
    """
    texts = [token.text for token in found]
    if len(texts) < 9 or texts[:2] != [r"\begin", "{"] or texts[2] not in _NAMES or texts[-4:-2] != [r"\end", "{"]:
        return None
    start = texts.index("}") + 1
    if texts[start : start + 1] == ["{"]:
        start = texts.index("}", start) + 1
    rows: list[list[Token]] = [[]]
    for token in found[start:-4]:
        if token.text == r"\\":
            rows.append([])
        else:
            rows[-1].append(token)
    if texts[2] == "array" and not all(any(token.text in _CONDITIONAL for token in row) for row in rows if row):
        return None  # a matrix
    return Piecewise(tuple(_read_row(row, read_value) for row in rows if row))


def _read_row(row: list[Token], read_value: Callable[[list[Token]], Value]) -> tuple[Tree, Value | None]:
    marks = [index for index, token in enumerate(row) if token.text == "&"]
    marks = marks or [index for index, token in enumerate(row) if token.text in (*_WORDS, *_OTHERWISE)]
    if not marks:
        raise Unreadable("a case without a condition")
    formula, condition = row[: marks[0]], [token for token in row[marks[0] :] if token.text not in ("&", *_WORDS)]
    while formula and formula[-1].text in (",", ";", r"\quad"):
        formula = formula[:-1]
    tree = parse_formula(formula)
    if not condition or condition[0].text in _OTHERWISE:
        return tree, None
    value = read_value(condition)
    if not isinstance(value, Relation) or not isinstance(value.left, Formula):
        raise Unreadable("a condition that bounds no variable")
    return tree, _as_membership(value)


def _as_membership(relation: Relation) -> Relation:
    """Return a condition `x = 2` as being in the set of 2."""
    if relation.sign != "=":
        return relation
    return Relation("in", relation.left, Group("{", "}", (relation.right,)))
