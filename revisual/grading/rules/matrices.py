"""Sums and products of matrices, done on the trees of their entries."""

from revisual.grading.rules.tree import Apply, Matrix, Number, Tree, Unreadable, integer, negate

MAX_ENTRIES = 400


def fold_matrices(tree: Tree) -> Tree:
    """Return a formula with its matrix arithmetic carried out: a matrix, or a formula without matrices.

    Raises:
        Unreadable: the shapes do not fit, or there is no such operation on matrices.
    """
    if isinstance(tree, Matrix):
        if len(tree.rows) * len(tree.rows[0]) > MAX_ENTRIES:
            raise Unreadable("a large matrix")
        return tree
    if not isinstance(tree, Apply):
        return tree
    parts = [fold_matrices(part) for part in tree.parts]
    matrices = [part for part in parts if isinstance(part, Matrix)]
    if not matrices:
        return Apply(tree.head, tuple(parts))
    return _combine(tree.head, parts)


def _combine(head: str, parts: list[Tree]) -> Tree:
    first = parts[0]
    if head == "det" and isinstance(first, Matrix):
        return determinant(first)
    if head == "transpose" and isinstance(first, Matrix):
        return Matrix(tuple(zip(*first.rows, strict=True)))
    if head in ("+", "*"):
        result = first
        for part in parts[1:]:
            result = _add(result, part) if head == "+" else _multiply(result, part)
        return result
    if head == "/" and isinstance(first, Matrix) and not isinstance(parts[1], Matrix):
        return _scale(first, Apply("/", (integer(1), parts[1])))
    if head == "^" and isinstance(first, Matrix) and isinstance(parts[1], Number) and 1 <= parts[1].value <= 4:
        return _combine("*", [first] * int(parts[1].value))
    raise Unreadable(f"{head} of matrices")


def _scale(matrix: Matrix, factor: Tree) -> Matrix:
    return Matrix(tuple(tuple(Apply("*", (factor, entry)) for entry in row) for row in matrix.rows))


def _add(a: Tree, b: Tree) -> Tree:
    if not isinstance(a, Matrix) or not isinstance(b, Matrix):
        raise Unreadable("a matrix and a number are not added")
    if len(a.rows) != len(b.rows) or len(a.rows[0]) != len(b.rows[0]):
        raise Unreadable("matrices of different shapes")
    pairs = zip(a.rows, b.rows, strict=True)
    return Matrix(tuple(tuple(Apply("+", entries) for entries in zip(*rows, strict=True)) for rows in pairs))


def _multiply(a: Tree, b: Tree) -> Tree:
    if not isinstance(a, Matrix) or not isinstance(b, Matrix):
        return _scale(a, b) if isinstance(a, Matrix) else _scale(b, a) if isinstance(b, Matrix) else Apply("*", (a, b))
    if len(a.rows[0]) != len(b.rows):
        raise Unreadable("matrices of different shapes")
    columns = list(zip(*b.rows, strict=True))
    return Matrix(tuple(tuple(_dot(row, column) for column in columns) for row in a.rows))


def _dot(row: tuple[Tree, ...], column: tuple[Tree, ...]) -> Tree:
    return Apply("+", tuple(Apply("*", pair) for pair in zip(row, column, strict=True)))


def determinant(matrix: Matrix) -> Tree:
    """Return the determinant of a small matrix, by its first row.

    Raises:
        Unreadable: the matrix is not square, or larger than 4 x 4.
    """
    rows = matrix.rows
    if len(rows) != len(rows[0]) or len(rows) > 4:
        raise Unreadable("no determinant")
    if len(rows) == 1:
        return rows[0][0]
    terms: list[Tree] = []
    for column, entry in enumerate(rows[0]):
        minor = Matrix(tuple(tuple(row[:column] + row[column + 1 :]) for row in rows[1:]))
        term = Apply("*", (entry, determinant(minor)))
        terms.append(negate(term) if column % 2 else term)
    return Apply("+", tuple(terms))
