"""Unevaluated formulas in one form: without what is idle, and with terms and factors in one order."""

from fractions import Fraction

from revisual.grading.rules.terms import count_signs, list_factors, list_terms
from revisual.grading.rules.tree import Apply, Matrix, Number, Tree
from revisual.grading.rules.values import Formula, Group, Relation, Union, Value


def canonicalize(tree: Tree) -> Tree:
    """Return a formula without factors of 1, divisions by 1, terms of 0 and powers of 1, its parts in one order.

    Example: `1 * x^1 + 0` becomes `x`, and `b + a` the same as `a + b`
    """
    if isinstance(tree, Number):
        return Number(tree.value)
    if isinstance(tree, Matrix):
        return Matrix(tuple(tuple(map(canonicalize, row)) for row in tree.rows))
    if not isinstance(tree, Apply):
        return tree
    if tree.head == "+":
        return _canonicalize_sum(tree)
    if tree.head == "*":
        return _canonicalize_product(tree)
    parts = tuple(map(canonicalize, tree.parts))
    if tree.head in ("/", "^") and parts[1] == Number(Fraction(1)):
        return parts[0]
    return Apply(tree.head, parts)


def _canonicalize_sum(tree: Apply) -> Tree:
    terms: list[Tree] = []
    for sign, term in list_terms(tree):
        plain = canonicalize(term)
        if plain != Number(Fraction(0)):
            terms.append(plain if sign > 0 else _flip(plain))
    if len(terms) < 2:
        return terms[0] if terms else Number(Fraction(0))
    return Apply("+", tuple(sorted(terms, key=repr)))


def _canonicalize_product(tree: Apply) -> Tree:
    negative = count_signs(tree) % 2 == 1
    factors = [factor for factor in map(canonicalize, list_factors(tree)) if factor != Number(Fraction(1))]
    product: Tree = Number(Fraction(1))
    if factors:
        product = factors[0] if len(factors) == 1 else Apply("*", tuple(sorted(factors, key=repr)))
    return _flip(product) if negative else product


def _flip(tree: Tree) -> Tree:
    if isinstance(tree, Apply) and tree.head == "*" and tree.parts[0] == Number(Fraction(-1)):
        return tree.parts[1]
    return Apply("*", (Number(Fraction(-1)), tree))


def canonicalize_value(value: Value) -> Value:
    """Return an answer with all its formulas in one form; the sides of an equation in one order."""
    if isinstance(value, Formula):
        return Formula(canonicalize(value.tree))
    if isinstance(value, Group):
        return Group(value.left, value.right, tuple(map(canonicalize_value, value.items)))
    if isinstance(value, Union):
        return Union(tuple(map(canonicalize_value, value.parts)), value.by_words)
    if isinstance(value, Relation):
        sides = [canonicalize_value(value.left), canonicalize_value(value.right)]
        if value.sign == "=":
            sides.sort(key=repr)
        return Relation(value.sign, sides[0], sides[1])
    return value


def scale_relation(relation: Relation) -> frozenset[frozenset[tuple[str, Fraction]]] | None:
    """Return an equation as the terms of its sides, up to a common factor and the sides' order; None for words.

    Example: that of `2x + 4 = 2y` is that of `y = x + 2`
    """
    sides = []
    for side in (relation.left, relation.right):
        if not isinstance(side, Formula):
            return None
        sides.append([_split_coefficient(sign, term) for sign, term in list_terms(side.tree)])
    everything = sorted(((rest, value) for side in sides for rest, value in side if value), key=lambda one: one[0])
    if not everything:
        return None
    scale = everything[0][1]
    return frozenset(frozenset((rest, value / scale) for rest, value in side if value) for side in sides)


def _split_coefficient(sign: int, term: Tree) -> tuple[str, Fraction]:
    """Return a term's rational coefficient, and the rest of it as text."""
    value = Fraction(sign)
    rest: list[Tree] = []
    factors = list_factors(term)
    if count_signs(term) % 2:
        value = -value
    if len(factors) == 1 and isinstance(factors[0], Apply) and factors[0].head == "/":
        top, bottom = factors[0].parts
        if isinstance(bottom, Number) and bottom.value:
            value /= bottom.value
            factors = list_factors(top)
    for factor in factors:
        if isinstance(factor, Number):
            value *= factor.value
        else:
            rest.append(canonicalize(factor))
    return repr(sorted(map(repr, rest))), value
