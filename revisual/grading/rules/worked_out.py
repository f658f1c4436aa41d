r"""Whether an answer is worked out: no operation is left to be done, and no expression of the question is repeated.

What may stand in an answer is decided by a list of numerals and terms (`terms.py`), never by a list of operations: an
operation that nobody thought of is left, unless the gold answer has it too.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from revisual.grading.rules.canonical import canonicalize_value, scale_relation
from revisual.grading.rules.comparison import Comparison
from revisual.grading.rules.equality import Undecided
from revisual.grading.rules.exact import ExactField, count_bits
from revisual.grading.rules.fields import Undefined, Unsupported
from revisual.grading.rules.forms import has_form, is_reduced
from revisual.grading.rules.intervals import is_symbol
from revisual.grading.rules.question_text import find_expressions, find_tasks
from revisual.grading.rules.reading import read
from revisual.grading.rules.relations import is_constant, is_label
from revisual.grading.rules.spelling import clean
from revisual.grading.rules.terms import PRODUCT, QUOTIENT, SUM, has_variables, list_operations
from revisual.grading.rules.tree import Apply, Matrix, Symbol, Tree, Unit, has_decimals, walk
from revisual.grading.rules.values import Formula, Group, Relation, Union, Value, walk_values

LONG_BITS = 128
"""Of a value that nobody writes out: an operation is left in its gold answer, and any may be left in an answer."""
KINDS = (PRODUCT, QUOTIENT, SUM, "^", "!", "binom", "root")


@dataclass(frozen=True)
class Answered:
    """An answer of the right value, as it is written and as it is read, beside the gold answer.

    Example: the answer `668 + 980 - 715` to the question `What is 668 + 980 - 715?`, beside the gold answer `933`
    """

    gold: Value
    answer: Value
    text: str
    """The answer's."""
    gold_text: str
    question: str = ""
    options: tuple[str, ...] = field(default=())


def is_worked_out(answered: Answered) -> bool:
    """Return whether an answer of the right value is worked out."""
    gold, answer = _strip_brackets(answered.gold), _strip_brackets(answered.answer)
    if canonicalize_value(gold) == canonicalize_value(answer) and _is_plain(answered):
        return True
    if _is_solved(gold) and not _is_alone(answer):
        return False
    if _count_items(answer) > 2 * _count_items(gold):  # as a set it has the gold answer's items, again and again
        return False
    if not _leaves_nothing(gold, answer, answered):
        return False
    if _repeats_question(gold, answer, answered):
        return False
    return _keeps_form(gold, answer, find_tasks(answered.question))


def _is_plain(answered: Answered) -> bool:
    """Return whether the answer leaves nothing that only its canonical form hides, such as a factor of 1."""
    left = _count_operations(list(_list_trees(answered.answer)), "+" in answered.text)
    return not left - _count_operations(list(_list_trees(answered.gold)), "+" in answered.gold_text)


def _strip_brackets(value: Value) -> Value:
    while isinstance(value, Group) and len(value.items) == 1 and value.left in ("", "{", "[", "("):
        value = value.items[0]
    return value


def _count_items(value: Value) -> int:
    if isinstance(value, Union) or (isinstance(value, Group) and value.left in ("", "{")):
        return sum(map(_count_items, _parts(value)))
    return 1


def _is_solved(gold: Value) -> bool:
    """Return whether a gold answer has a letter alone on one side."""
    if isinstance(gold, (Group, Union)):
        parts = gold.items if isinstance(gold, Group) else gold.parts
        return any(map(_is_solved, parts))
    return isinstance(gold, Relation) and any(map(is_symbol, (gold.left, gold.right)))


def _is_alone(answer: Value) -> bool:
    """Return whether each relation of an answer has a letter or label alone on a side, which is not in the other."""
    if isinstance(answer, (Group, Union)):
        parts = answer.items if isinstance(answer, Group) else answer.parts
        return all(map(_is_alone, parts))
    if not isinstance(answer, Relation):
        return True
    sides = answer.left, answer.right
    if all(map(is_constant, sides)):
        return True
    return any(is_label(side) and not _holds(other, side) for side, other in (sides, sides[::-1]))


def _holds(value: Value, label: Value) -> bool:
    """Return whether a value holds the letter that a label is."""
    if not isinstance(label, Formula) or not isinstance(label.tree, Symbol):
        return False
    return any(node == label.tree for tree in _list_trees(value) for node in walk(tree))


def _list_trees(value: Value) -> Iterator[Tree]:
    """Return the formulas of an answer, of both sides of its relations."""
    return (part.tree for part in walk_values(value) if isinstance(part, Formula))


def _list_answers(value: Value) -> Iterator[Tree]:
    """Yield the formulas that say the answer: those of relations without their labels."""
    if isinstance(value, Relation):
        is_named = is_label(value.left)
        sides = (value.right,) if is_named else (value.left,) if is_symbol(value.right) else (value.left, value.right)
        for side in sides:
            yield from _list_answers(side)
    elif isinstance(value, (Group, Union)):
        for part in value.items if isinstance(value, Group) else value.parts:
            yield from _list_answers(part)
    elif isinstance(value, Formula):
        yield value.tree


def _leaves_nothing(gold: Value, answer: Value, answered: Answered) -> bool:
    """Return whether the answer leaves no operation that the gold answer does not leave too."""
    golds = list(_list_answers(gold))
    allowed = _count_operations(golds, "+" in answered.gold_text)
    symbolic = any(map(has_variables, golds)) or _has_composite_side(gold)
    if symbolic or allowed[SUM] or any(map(has_decimals, golds)):
        allowed[SUM] = 10**6
    if any(map(_is_too_long, golds)):
        allowed += Counter(dict.fromkeys(KINDS, 10**6))
    if not symbolic and isinstance(gold, Formula) and "=" in answered.text:
        sides = (side for side in _list_sides(answer, answered.text) if _same(gold, side))
        return any(_is_numeral(side, allowed, answered) for side in sides)
    is_percent = any(node == Unit("percent") for tree in golds for node in walk(tree))
    for tree in _list_answers(answer):
        if (has_variables(tree) and not symbolic) or (is_percent and not is_reduced(tree)):
            return False
        if list_operations(tree, "+" in answered.text) - allowed:
            return False
    return True


def _has_composite_side(gold: Value) -> bool:
    """Return whether a gold answer is an equation of several letters, as `xy=6`, that may be solved for another."""
    return isinstance(gold, Relation) and any(
        isinstance(side, Formula) and has_variables(side.tree) and not is_symbol(side)
        for side in (gold.left, gold.right)
    )


def _count_operations(trees: list[Tree], plus_is_written: bool) -> Counter[str]:
    """Count operations: of each kind the most that one of some formulas leaves."""
    most: Counter[str] = Counter()
    for tree in trees:
        most |= list_operations(tree, plus_is_written)
    return most


def _is_too_long(tree: Tree) -> bool:
    """Return whether a gold answer leaves operations because its value is too long to be written out."""
    if not list_operations(tree):
        return False
    try:
        value = ExactField().value(tree)
    except (Unsupported, Undefined):
        return False
    return count_bits(value) > LONG_BITS


def _list_sides(answer: Value, text: str) -> list[Value]:
    """Return the sides of an answer's equals signs."""
    read_sides = [answer.left, answer.right] if isinstance(answer, Relation) else []
    return read_sides + [read(side) for side in clean(text).split("=") if side.strip()]


def _is_numeral(side: Value, allowed: Counter[str], answered: Answered) -> bool:
    side = _strip_brackets(side)
    if isinstance(side, Formula):
        return not has_variables(side.tree) and not list_operations(side.tree, "+" in answered.text) - allowed
    return False


def _same(gold: Value, side: Value) -> bool:
    try:
        return Comparison().same(gold, side)
    except Undecided:
        return False


def _repeats_question(gold: Value, answer: Value, answered: Answered) -> bool:
    """Return whether the answer is an expression of the question, and neither the gold answer nor an option."""
    shown = canonicalize_value(answer)
    if not _is_expression(shown):
        return False
    allowed = [gold, *(read(option) for option in answered.options)]
    if any(shown in (canonicalize_value(value), _drop_label(canonicalize_value(value))) for value in allowed):
        return False
    inside = _drop_label(shown)
    forms = [canonicalize_value(value) for value in find_expressions(answered.question)]
    if any(form in (shown, inside) for form in forms):
        return not any(
            inside in (canonicalize_value(value), _drop_label(canonicalize_value(value))) for value in allowed
        )
    if not isinstance(answer, Relation) or answer.sign != "=":
        return False
    scaled = scale_relation(answer)
    asked = (scale_relation(form) for form in forms if isinstance(form, Relation) and form.sign == "=")
    is_gold = isinstance(gold, Relation) and scale_relation(gold) == scaled
    return scaled is not None and not is_gold and scaled in set(asked)


def _is_expression(value: Value) -> bool:
    """Return whether a value is more than a rational number or a letter, which a question may hold as it likes."""
    if isinstance(value, Relation):
        return True
    if not isinstance(value, Formula):
        return any(map(_is_expression, _parts(value)))
    if isinstance(value.tree, Matrix):
        return True
    return any(
        isinstance(node, Apply) and (node.head not in ("*", "/", "+") or any(map(_is_letter, walk(node))))
        for node in walk(value.tree)
    )


def _is_letter(node: Tree) -> bool:
    return isinstance(node, Symbol) and node.name != "infinity"


def _parts(value: Value) -> tuple[Value, ...]:
    return value.items if isinstance(value, Group) else value.parts if isinstance(value, Union) else ()


def _drop_label(value: Value) -> Value:
    if isinstance(value, Relation) and value.sign in ("=", "in"):
        if is_label(value.left):
            return value.right
        if is_symbol(value.right):
            return value.left
    return value


def _keeps_form(gold: Value, answer: Value, tasks: frozenset[str]) -> bool:
    if not tasks:
        return True
    gold, answer = _drop_label(gold), _drop_label(answer)
    if not isinstance(gold, Formula) or not isinstance(answer, Formula):
        return True
    return has_form(gold.tree, answer.tree, tasks)
