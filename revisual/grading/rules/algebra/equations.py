"""Equations solved for another letter, and sums with letters in closed form."""

from typing import Any

from revisual.grading.rules.algebra.convert import make_symbol, to_sympy
from revisual.grading.rules.algebra.points import DIGITS_THAT_COUNT, NEEDED, TRIED, choose_point
from revisual.grading.rules.tree import Apply, Symbol, Tree, list_variables, negate, walk
from revisual.grading.rules.values import Formula, Group, Relation, Value

MAX_SOLUTIONS = 4


def equations_equal_when_solved(gold: Value, answer: Value) -> bool:
    r"""Return whether an equation and another, or the solutions of one, say the same of one of their variables.

    All solutions have to be there. A bare expression answers only for a variable that it does not contain.

    Example: `xy = 6` and `6/x`, `x^2 = 4` and `±2`; not `y^2 = x` and `\sqrt{x}`
    """
    if not isinstance(gold, Relation):
        return False  # an equation that has still to be solved is no answer where a value is asked
    if _is_solved_as(gold, answer):
        return True
    return isinstance(answer, Relation) and _is_solved_as(answer, gold)


def _is_solved_as(equation: Relation, value: Value) -> bool:
    """Return whether a value has all solutions of an equation for one of its variables."""
    sides = _take_sides(equation)
    if sides is None:
        return False
    solved = _read_solutions(value, list_variables(sides[0]) | list_variables(sides[1]))
    if solved is None:
        return False
    name, expected = solved
    found = _solve(sides, name)
    return found is not None and _match(found, [to_sympy(tree) for tree in expected])


def _take_sides(relation: Relation) -> tuple[Tree, Tree] | None:
    if relation.sign != "=" or not isinstance(relation.left, Formula) or not isinstance(relation.right, Formula):
        return None
    return relation.left.tree, relation.right.tree


def _read_solutions(answer: Value, variables: frozenset[str]) -> tuple[str, list[Tree]] | None:
    """Return the variable that an answer solves an equation for, and its values."""
    if isinstance(answer, Relation):
        if answer.sign != "=" or not isinstance(answer.left, Formula) or not isinstance(answer.left.tree, Symbol):
            return None
        name, value = answer.left.tree.name, answer.right
    else:
        value = answer
        trees = _list_values(value)
        left = variables - frozenset(name for tree in trees or [] for name in list_variables(tree))
        if trees is None or len(left) != 1:
            return None
        name = next(iter(left))
    trees = _list_values(value)
    if trees is None or name not in variables or any(name in list_variables(tree) for tree in trees):
        return None
    known = variables - {name}
    return (name, trees) if all(list_variables(tree) <= known for tree in trees) else None


def _list_values(value: Value) -> list[Tree] | None:
    if isinstance(value, Formula):
        return [value.tree]
    if isinstance(value, Group) and value.left in ("", "{") and 0 < len(value.items) <= MAX_SOLUTIONS:
        lists = [_list_values(item.right if isinstance(item, Relation) else item) for item in value.items]
        return [tree for trees in lists for tree in trees or []] if all(lists) else None
    return None


def _solve(sides: tuple[Tree, Tree], name: str) -> list[Any] | None:
    """Return all solutions of an equation for a variable, None if they cannot be had or it is no polynomial in it."""
    import sympy

    symbol = make_symbol(name)
    difference = sympy.together(sympy.expand(to_sympy(Apply("+", (sides[0], negate(sides[1])))).doit()))
    numerator, denominator = sympy.fraction(difference)
    if not numerator.is_polynomial(symbol) or not 1 <= sympy.degree(numerator, symbol) <= MAX_SOLUTIONS:
        return None
    found = sympy.solve(numerator, symbol, check=False, simplify=False)
    kept = [root for root in found if sympy.expand(denominator.subs(symbol, root)) != 0]
    return [root for root in kept if not root.has(sympy.I)]


def _match(found: list[Any], expected: list[Any]) -> bool:
    """Return whether each solution is one of those that are expected, and the other way round."""
    found = list(dict.fromkeys(found))
    if len(found) != len(expected) or not found:
        return False
    left = list(found)
    for value in expected:
        partner = next((root for root in left if expressions_equal(root, value)), None)
        if partner is None:
            return False
        left.remove(partner)
    return True


def expressions_equal(first: Any, second: Any) -> bool:
    """Return whether two expressions are equal: by an exact proof, else at 20 points of their common real domain.

    Without variables, only the proof counts.
    """
    import sympy

    difference = sympy.expand(first - second)
    if difference == 0:
        return True
    symbols = sorted(difference.free_symbols, key=str)
    if not symbols:
        return bool(sympy.radsimp(sympy.expand(difference)) == 0)
    agreed = 0
    for number in range(TRIED):
        point = choose_point([str(symbol) for symbol in symbols], number)
        values = {symbol: sympy.Rational(*point[str(symbol)].as_integer_ratio()) for symbol in symbols}
        a, b = (expression.evalf(DIGITS_THAT_COUNT + 10, subs=values) for expression in (first, second))
        if not (a.is_number and b.is_number and a.is_real and b.is_real and a.is_finite and b.is_finite):
            continue
        if abs(a - b) > max(abs(a), abs(b)) * sympy.Rational(1, 10**DIGITS_THAT_COUNT):
            return False
        agreed += 1
        if agreed == NEEDED:
            return True
    return False


def series_equal(gold: Tree, answer: Tree) -> bool:
    """Return whether formulas with sums or products over an index to a letter are equal in closed form.

    Example: `sum_{k=1}^n k` and `(n^2+n)/2`
    """
    import sympy

    nodes = (*walk(gold), *walk(answer))
    if not any(isinstance(node, Apply) and node.head in ("sum", "prod") for node in nodes):
        return False
    first, second = (to_sympy(tree).doit() for tree in (gold, answer))
    if first.has(sympy.Sum, sympy.Product) or second.has(sympy.Sum, sympy.Product):
        return False
    return expressions_equal(first, second)


def is_closed(tree: Tree) -> bool:
    """Return whether nothing is left of a formula's sums and products over an index once they are carried out."""
    import sympy

    return not to_sympy(tree).doit().has(sympy.Sum, sympy.Product)
