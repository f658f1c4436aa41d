"""What a plus-minus sign stands for: two values."""

from revisual.grading.rules.tree import Apply, Matrix, Tree, negate, walk
from revisual.grading.rules.values import Formula, Group, Relation, Union, Value


def _substitute_sign(tree: Tree, sign: str) -> Tree:
    if isinstance(tree, Apply):
        parts = tuple(_substitute_sign(part, sign) for part in tree.parts)
        if tree.head in ("±", "∓"):
            return parts[0] if (tree.head == "±") == (sign == "+") else negate(parts[0])
        return Apply(tree.head, parts)
    if isinstance(tree, Matrix):
        return Matrix(tuple(tuple(_substitute_sign(entry, sign) for entry in row) for row in tree.rows))
    return tree


def _choose_sign(value: Value, sign: str) -> Value:
    if isinstance(value, Formula):
        return Formula(_substitute_sign(value.tree, sign))
    if isinstance(value, Group):
        return Group(value.left, value.right, tuple(_choose_sign(item, sign) for item in value.items))
    if isinstance(value, Relation):
        return Relation(value.sign, _choose_sign(value.left, sign), _choose_sign(value.right, sign))
    if isinstance(value, Union):
        return Union(tuple(_choose_sign(part, sign) for part in value.parts), value.by_words)
    return value


def _has_both_signs(value: Value) -> bool:
    if isinstance(value, Formula):
        return any(isinstance(node, Apply) and node.head in ("±", "∓") for node in walk(value.tree))
    if isinstance(value, Group):
        return any(_has_both_signs(item) for item in value.items)
    return isinstance(value, Relation) and (_has_both_signs(value.left) or _has_both_signs(value.right))


def expand_signs(value: Value) -> Value:
    """Return both values of a plus-minus, each with its partners.

    Example: `(±1, ∓2)` is the list of `(1, -2)` and `(-1, 2)`
    """
    if isinstance(value, Relation) and _has_both_signs(value.right):
        return Relation(value.sign, value.left, expand_signs(value.right))
    if isinstance(value, Group) and value.left in ("", "{"):
        items: list[Value] = []
        for item in map(expand_signs, value.items):
            items.extend(item.items if isinstance(item, Group) and item.left == "" and value.left else [item])
        return Group(value.left, value.right, tuple(items))
    if not isinstance(value, (Formula, Group)) or not _has_both_signs(value):
        return value
    return Group("", "", (_choose_sign(value, "+"), _choose_sign(value, "-")))
