"""The form that an answer has to have where a question asks to expand, factor, simplify or rationalize."""

import math
from collections.abc import Iterator, Set
from fractions import Fraction

from revisual.grading.rules.canonical import canonicalize
from revisual.grading.rules.terms import has_variables, list_factors, list_terms, split_root
from revisual.grading.rules.tree import Apply, Number, Symbol, Tree, walk


def has_form(gold: Tree, answer: Tree, tasks: Set[str]) -> bool:
    """Return whether an answer of the gold answer's value has its form as far as the tasks of the question ask for it.

    Args:
        gold: the gold answer's formula.
        answer: the answer's formula.
        tasks: names out of `question_text.TASKS`.
    """
    if "expand" in tasks and _is_sum_of_monomials(gold) and not _is_sum_of_monomials(answer):
        return False
    if "factor" in tasks and has_variables(gold) and count_factors(answer) < count_factors(gold):
        return False
    if "simplify" in tasks and not _is_simplified(gold, answer):
        return False
    return "rationalize" not in tasks or _has_surd_below(gold) or not _has_surd_below(answer)


def _is_sum_of_monomials(tree: Tree) -> bool:
    return all(_is_monomial(term) for _, term in list_terms(tree))


def _is_monomial(term: Tree) -> bool:
    if isinstance(term, Apply) and term.head == "/" and not has_variables(term.parts[1]):
        return _is_sum_of_monomials(term.parts[0])
    return not any(isinstance(node, Apply) and node.head == "+" and has_variables(node) for node in walk(term))


def count_factors(tree: Tree) -> int:
    """Return the factors of a product, powers as often as they stand for; all constants but 1 together are one.

    Example: three of `2(x-1)(x+1)`, one of `x^2-1` and of `1(x^2-1)`, two of `(x+1)^2`
    """
    plain = canonicalize(tree)
    if isinstance(plain, Apply) and plain.head == "/":
        plain = plain.parts[0]
    factors = list_factors(plain)
    constants = any(not has_variables(factor) for factor in factors)
    return constants + sum(_count_power(factor) for factor in factors if has_variables(factor))


def _count_power(factor: Tree) -> int:
    if isinstance(factor, Apply) and factor.head == "^" and isinstance(factor.parts[1], Number):
        power = factor.parts[1].value
        return int(power) if power.denominator == 1 and 1 < power < 1000 else 1
    return 1


def _is_simplified(gold: Tree, answer: Tree) -> bool:
    if _is_sum_of_monomials(gold) and not _is_sum_of_monomials(answer):
        return False
    if is_reduced(gold) and not is_reduced(answer):
        return False
    if _has_free_radicands(gold) and not _has_free_radicands(answer):
        return False
    return all(_degree(a) <= _degree(g) for a, g in zip(_split_quotient(answer), _split_quotient(gold), strict=True))


def is_reduced(tree: Tree) -> bool:
    r"""Return whether no fraction in a formula can be reduced by an integer.

    Example: `\frac{11}{12}` and `\frac{x+1}{2}` are, `\frac{22}{24}` and `\frac{2x+2}{2}` are not
    """
    quotients = (node for node in walk(tree) if isinstance(node, Apply) and node.head == "/")
    return all(_content(node.parts) == 1 for node in quotients)


def _content(sides: tuple[Tree, ...]) -> int:
    """Return the greatest integer that divides every term of both sides of a fraction, 1 where one has no such form."""
    divisors = [_coefficient(term) for side in sides for _, term in list_terms(side)]
    return math.gcd(*divisors)


def _coefficient(term: Tree) -> int:
    value = Fraction(1)
    for factor in list_factors(term):
        if isinstance(factor, Number):
            value *= factor.value
        elif isinstance(factor, Apply) and factor.head == "+":
            value *= math.gcd(*(_coefficient(part) for _, part in list_terms(factor)))
    return abs(value.numerator) if value.denominator == 1 else 1


def _has_free_radicands(tree: Tree) -> bool:
    """Return whether no perfect power can be taken out of a root of an integer."""
    for node in walk(tree):
        if isinstance(node, Apply) and node.head == "root" and all(isinstance(part, Number) for part in node.parts):
            degree, inside = (part.value for part in node.parts if isinstance(part, Number))
            if degree.denominator == inside.denominator == 1 and split_root(int(inside), int(degree))[0] != 1:
                return False
    return True


def _split_quotient(tree: Tree) -> tuple[Tree, Tree]:
    """Return the two sides of a fraction; of anything else, itself and one, or a factor that is a fraction."""
    if isinstance(tree, Apply) and tree.head == "/":
        return tree.parts[0], tree.parts[1]
    for node in _quotients(tree):
        if has_variables(node.parts[1]):
            return tree, node.parts[1]
    return tree, Number(Fraction(1))


def _quotients(tree: Tree) -> Iterator[Apply]:
    return (node for node in walk(tree) if isinstance(node, Apply) and node.head == "/")


def _degree(tree: Tree) -> Fraction:
    """Return the degree of a formula in all its variables; of functions and roots that of what they are applied to."""
    if isinstance(tree, Symbol):
        return Fraction(has_variables(tree))
    if not isinstance(tree, Apply):
        return Fraction(0)
    degrees = [_degree(part) for part in tree.parts]
    if tree.head == "*":
        return sum(degrees, Fraction(0))
    if tree.head == "/":
        return degrees[0] - degrees[1]
    if tree.head == "^":
        power = tree.parts[1]
        return degrees[0] * (power.value if isinstance(power, Number) else 1)
    return max(degrees, default=Fraction(0))


def _has_surd_below(tree: Tree) -> bool:
    """Return whether a root stands in a denominator, or a fraction below a root."""
    for node in walk(tree):
        if isinstance(node, Apply) and node.head == "/" and _has_root(node.parts[1]):
            return True
        if isinstance(node, Apply) and node.head == "root" and any(_quotients(node.parts[1])):
            return True
    return False


def _has_root(tree: Tree) -> bool:
    heads = {node.head for node in walk(tree) if isinstance(node, Apply)}
    return "root" in heads or ("^" in heads and "/" in heads)
