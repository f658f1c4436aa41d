"""Arithmetic of matrices, beside sympy's."""

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from revisual.grading.rules.exact import ExactField
from revisual.grading.rules.matrices import MAX_ENTRIES, fold_matrices
from revisual.grading.rules.tree import Apply, Matrix, Unreadable, integer


def matrices(rows, columns):
    row = st.lists(st.integers(-9, 9), min_size=columns, max_size=columns)
    return st.lists(row, min_size=rows, max_size=rows)


def tree(rows):
    return Matrix(tuple(tuple(map(integer, row)) for row in rows))


def numbers(folded):
    return [[int(ExactField().value(entry)) for entry in row] for row in folded.rows]


@given(matrices(2, 3), matrices(3, 2), matrices(2, 2))
def test_sums_products_and_powers(a, b, c):
    folded = fold_matrices(Apply("+", (Apply("*", (tree(a), integer(3), tree(b))), Apply("^", (tree(c), integer(3))))))
    assert numbers(folded) == (3 * sympy.Matrix(a) * sympy.Matrix(b) + sympy.Matrix(c) ** 3).tolist()


@given(matrices(3, 2))
def test_transposing(a):
    assert numbers(fold_matrices(Apply("transpose", (tree(a),)))) == sympy.Matrix(a).T.tolist()


@given(st.integers(1, 4).flatmap(lambda size: matrices(size, size)))
def test_determinants(a):
    assert ExactField().value(fold_matrices(Apply("det", (tree(a),)))) == sympy.Matrix(a).det()


WIDE, TALL = tree([[1, 2, 3]]), tree([[1], [2]])


@pytest.mark.parametrize(
    "formula",
    [
        Apply("+", (WIDE, TALL)),
        Apply("*", (WIDE, TALL)),
        Apply("+", (WIDE, integer(1))),
        Apply("det", (WIDE,)),
        Apply("det", (tree([[1] * 5] * 5),)),
        Apply("/", (integer(1), TALL)),
        Apply("^", (TALL, integer(9))),
        tree([[1] * (MAX_ENTRIES + 1)]),
    ],
)
def test_what_cannot_be_done_is_unreadable(formula):
    with pytest.raises(Unreadable):
        fold_matrices(formula)
