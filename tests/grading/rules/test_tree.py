"""Trees of formulas."""

from hypothesis import given
from hypothesis import strategies as st

from revisual.grading.rules.reading import read
from revisual.grading.rules.tree import (
    Apply,
    Symbol,
    has_decimals,
    integer,
    list_units,
    list_variables,
    sort_parts,
    walk,
)


def tree(text):
    return read(text).tree


def test_variables_units_and_decimals():
    assert list_variables(tree(r"2\pi r + e^{x_1}")) == {"r", "x_1"} and not list_variables(tree(r"\pi"))
    assert list_units(tree(r"3\text{ cm}")) == {"cm"} and not list_units(tree("3"))
    assert has_decimals(tree("x + 0.5")) and not has_decimals(tree("x + 5"))


def test_a_walk_meets_every_node_once():
    nodes = list(walk(tree(r"\begin{pmatrix} a & b \\ c & d + 1 \end{pmatrix}")))
    assert sorted(node.name for node in nodes if isinstance(node, Symbol)) == ["a", "b", "c", "d"] and len(nodes) == 7


@given(st.permutations(range(5)), st.permutations(range(3)))
def test_sums_and_products_have_one_order(terms, factors):
    def made(terms, factors):
        product = Apply("*", tuple(Symbol("abc"[place]) for place in factors))
        return Apply("+", (*map(integer, terms), product))

    assert sort_parts(made(terms, factors)) == sort_parts(made(range(5), range(3)))
    assert sort_parts(Apply("/", (integer(2), integer(1)))) == Apply("/", (integer(2), integer(1)))
