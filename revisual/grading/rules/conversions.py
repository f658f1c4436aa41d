"""Whether an answer is a numeral of the question in its own notation, where the question asks for another."""

from revisual.grading.rules.canonical import canonicalize
from revisual.grading.rules.equality import Undecided, formulas_equal
from revisual.grading.rules.question_text import asks_for_notation, find_numerals, find_tasks
from revisual.grading.rules.tree import Apply, Tree, Unit, has_decimals, list_units, walk
from revisual.grading.rules.values import Formula, Value


def is_converted(gold: Value, answer: Value, question: str) -> bool:
    r"""Return whether an answer of the right value is in the notation that the question asks for, if it gives another.

    Example: asked to write 3/4 as a decimal, `\frac34` and `6/8` are not, `0.75` is
    """
    if not isinstance(gold, Formula) or not isinstance(answer, Formula) or not asks_for_notation(question):
        return True
    shown, wanted = canonicalize(answer.tree), canonicalize(gold.tree)
    kind, wanted_kind = name_notation(answer.tree), name_notation(gold.tree)
    if shown == wanted and kind == wanted_kind:
        return True
    if "decimal" in find_tasks(question) and kind == "fraction" != wanted_kind:
        return False
    for numeral in find_numerals(question):
        if canonicalize(numeral.tree) == shown and shown != wanted and not _is_unit_alone(shown, wanted):
            return False
        if kind == name_notation(numeral.tree) != wanted_kind and _same(numeral.tree, answer.tree):
            return False
    return True


def name_notation(tree: Tree) -> str:
    """Return the kind of numeral that a formula is, with its units.

    Example: "integer", "decimal", "fraction", "decimal percent", "integer cm"
    """
    units = " ".join(sorted(node.name for node in walk(tree) if isinstance(node, Unit)))
    heads = {node.head for node in walk(tree) if isinstance(node, Apply)} - {"*"}
    if "^" in heads or "root" in heads:
        kind = "power"
    elif "+" in heads:
        kind = "sum"
    elif "/" in heads:
        kind = "fraction"
    else:
        kind = "decimal" if has_decimals(tree) else "integer"
    return f"{kind} {units}".strip()


def _is_unit_alone(shown: Tree, wanted: Tree) -> bool:
    """Return whether two numerals differ by a unit that only one of them has."""
    units = [list_units(tree) for tree in (shown, wanted)]
    return bool(units[0]) != bool(units[1]) and "percent" not in units[0] | units[1] and _strip(shown) == _strip(wanted)


def _strip(tree: Tree) -> Tree:
    if isinstance(tree, Apply) and tree.head == "*":
        rest = tuple(part for part in tree.parts if not isinstance(part, Unit))
        return rest[0] if len(rest) == 1 else Apply("*", rest)
    return tree


def _same(a: Tree, b: Tree) -> bool:
    try:
        return formulas_equal(a, b)
    except Undecided:
        return False
