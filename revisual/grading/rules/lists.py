r"""Lists that are written in short or with labels: `1, 2, \\dots, 9` and `(i) 3, (ii) 5`."""

from fractions import Fraction

from revisual.grading.rules.tree import MINUS_ONE, Apply, Number, integer, negate
from revisual.grading.rules.values import Formula, Value, Words
from revisual.grading.rules.words import normalize_words

DOTS = Words(normalize_words(r"\dots"))
"""What stands for the items that are left out."""
MAX_ITEMS = 1_000


def expand_dots(items: tuple[Value, ...]) -> tuple[Value, ...]:
    """Return the items with those that dots leave out, where these are whole numbers at equal distances.

    Example: 1, 3, dots, 9 is 1, 3, 5, 7, 9; other items and dots at the end are left as they are
    """
    if DOTS not in items or items[-1] == DOTS:
        return items
    position = items.index(DOTS)
    before, after = [_read_whole(item) for item in items[:position]], _read_whole(items[position + 1])
    if len(before) < 2 or after is None or DOTS in items[position + 1 :]:
        return items
    first, second = before[-2], before[-1]
    if first is None or second is None:
        return items
    step = second - first
    if step == 0 or (after - second) % step or not 0 < (after - second) // step <= MAX_ITEMS:
        return items
    left_out = range(second + step, after, step)
    return (*items[:position], *(_make_whole(value) for value in left_out), *items[position + 1 :])


def _read_whole(value: Value) -> int | None:
    tree = value.tree if isinstance(value, Formula) else None
    if isinstance(tree, Apply) and tree.head == "*" and len(tree.parts) == 2 and tree.parts[0] == MINUS_ONE:
        inner = _read_whole(Formula(tree.parts[1]))
        return None if inner is None else -inner
    if isinstance(tree, Number) and tree.places is None and tree.value.denominator == 1:
        return int(tree.value)
    return None


def _make_whole(value: int) -> Value:
    tree = integer(abs(value)) if value else Number(Fraction(0), None, 0)
    return Formula(negate(tree) if value < 0 else tree)
