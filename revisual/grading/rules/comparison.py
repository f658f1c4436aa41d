"""Whether two answers say the same: by their shapes, down to formulas and words."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from revisual.grading.rules.conventions import NO_CONTEXT, Context
from revisual.grading.rules.equality import Undecided, formulas_equal
from revisual.grading.rules.relations import (
    equations_equal,
    inequalities_equal,
    is_constant,
    is_label,
    rename_argument,
)
from revisual.grading.rules.tree import Apply, Matrix, Symbol, Tree
from revisual.grading.rules.values import Formula, Group, Relation, Union, Value, Words

MAX_PAIRS = 60
"""Items of an unordered group that are compared with each other, after the equal ones were taken away."""


@dataclass(frozen=True)
class Comparison:
    """Compares values; symmetric but for decimals, where the first value, the gold one, sets the tolerance."""

    context: Context = NO_CONTEXT
    prove_equal: Callable[[Tree, Tree], bool] | None = None
    """Asked about two formulas that the fast rules do not find equal."""

    def same(self, gold: Value, answer: Value) -> bool:
        """Return whether two values are the same answer.

        Raises:
            Undecided: that cannot be decided at a bounded cost.
        """
        if gold == answer:
            return True
        gold, answer = _unwrap_single(gold), _unwrap_single(answer)
        if isinstance(gold, Relation) and isinstance(answer, Relation):
            return self._compare_relations(gold, answer)
        if isinstance(gold, Relation) and not isinstance(answer, Relation):
            return self._compare_unlabeled(gold, answer)
        if isinstance(answer, Relation):
            return self._compare_unlabeled(answer, gold, swapped=True)
        if isinstance(gold, Formula) and isinstance(answer, Formula):
            return self._compare_formulas(gold, answer)
        if isinstance(gold, Words) or isinstance(answer, Words):
            return False
        return self._compare_collections(gold, answer)

    def _compare_formulas(self, gold: Formula, answer: Formula) -> bool:
        if isinstance(gold.tree, Matrix) or isinstance(answer.tree, Matrix):
            if not (isinstance(gold.tree, Matrix) and isinstance(answer.tree, Matrix)):
                return False
            rows, other = _to_tuple(gold.tree), _to_tuple(answer.tree)
            return self.same(rows, other)
        try:
            if formulas_equal(gold.tree, answer.tree, self.context):
                return True
        except Undecided:
            if self.prove_equal is None:
                raise
        return self.prove_equal is not None and self.prove_equal(gold.tree, answer.tree)

    def _compare_relations(self, gold: Relation, answer: Relation) -> bool:
        if gold.sign != answer.sign:
            return gold.sign != "=" and answer.sign != "=" and inequalities_equal(gold, answer)
        gold, answer = rename_argument(gold), rename_argument(answer)
        if gold.sign == "=":
            if self._labels_match(gold.left, answer.left) and self.same(gold.right, answer.right):
                return True
            return equations_equal(gold, answer)
        if gold.sign == "in":
            return self._labels_match(gold.left, answer.left) and self.same(gold.right, answer.right)
        if self.same(gold.left, answer.left) and self.same(gold.right, answer.right):
            return True
        return inequalities_equal(gold, answer)

    def _labels_match(self, gold: Value, answer: Value) -> bool:
        """Return whether labels are the same symbol; labels in words name no variable, and contradict none."""
        if not is_label(gold) or not is_label(answer):
            return False
        if isinstance(gold, Words) or isinstance(answer, Words):
            return True
        functions = [_get_function_name(side) for side in (gold, answer)]
        if functions[0] and functions[1]:
            return functions[0] == functions[1]
        if functions[0] or functions[1]:
            other = answer if functions[0] else gold
            return isinstance(other, Formula) and other.tree == Symbol("y")
        return self.same(gold, answer)

    def _compare_unlabeled(self, relation: Relation, value: Value, swapped: bool = False) -> bool:
        """Compare an equation or membership with a value: what stands on its right, if its left is a mere label."""
        if relation.sign not in ("=", "in") or not (is_label(relation.left) or self._holds(relation)):
            return False
        if relation.sign == "in" and isinstance(value, Formula):
            return False
        if not swapped and _is_product_of_variables(relation.left):
            return False  # 6 is no curve `xy = 6`
        return self.same(value, relation.right) if swapped else self.same(relation.right, value)

    def _holds(self, relation: Relation) -> bool:
        """Return whether an equation is a calculation without variables that is right: `2 + 2 = 4`."""
        sides = relation.left, relation.right
        return all(map(is_constant, sides)) and self.same(*sides)

    def _compare_collections(self, gold: Value, answer: Value) -> bool:
        if isinstance(gold, Union) or isinstance(answer, Union):
            return self._compare_unions(gold, answer)
        gold_group, answer_group = _to_group(gold), _to_group(answer)
        if gold_group is None or answer_group is None:
            return False
        if self.context.asks_set:
            gold_group, answer_group = _drop_order(gold_group), _drop_order(answer_group)
        if not _brackets_agree(gold_group, answer_group):
            return False
        if gold_group.ordered or answer_group.ordered:
            return self._equal_in_order(gold_group.items, answer_group.items)
        return self._compare_lists(gold_group, answer_group)

    def _compare_lists(self, gold: Group, answer: Group) -> bool:
        a, b = _drop_shared_label(gold.items), _drop_shared_label(answer.items)
        labeled = [_has_distinct_labels(items) for items in (a, b)]
        if labeled[0] != labeled[1] and not any(isinstance(x, Relation) for x in (b if labeled[0] else a)):
            return self._equal_in_order(a, b)
        if self.context.conventions.list_order_matters and "" in (gold.left, answer.left) and not labeled[0]:
            return self._equal_in_order(a, b)
        if self._equal_in_any_order(a, b):
            return True
        flat = [tuple(_flatten(items)) for items in (a, b)]
        return (len(flat[0]), len(flat[1])) != (len(a), len(b)) and self._equal_in_any_order(flat[0], flat[1])

    def _compare_unions(self, gold: Value, answer: Value) -> bool:
        parts = [list(_list_parts(value)) for value in (gold, answer)]
        return self._equal_in_any_order(parts[0], parts[1])

    def _equal_in_order(self, gold: Sequence[Value], answer: Sequence[Value]) -> bool:
        return len(gold) == len(answer) and all(map(self.same, gold, answer))

    def _equal_in_any_order(self, gold: Sequence[Value], answer: Sequence[Value]) -> bool:
        if len(gold) != len(answer):
            gold, answer = list(dict.fromkeys(gold)), list(dict.fromkeys(answer))
        if len(gold) != len(answer):
            return False
        golds, answers = _remove_common(gold, answer)
        if len(golds) > MAX_PAIRS:
            return False
        return _can_pair(golds, answers, self.same)


def _can_pair(golds: list[Value], answers: list[Value], same: Callable[[Value, Value], bool]) -> bool:
    """Return whether the items can be paired; the first partner that fits is taken."""
    for gold in golds:
        for position, answer in enumerate(answers):
            if same(gold, answer):
                del answers[position]
                break
        else:
            return False
    return True


def _remove_common(gold: Sequence[Value], answer: Sequence[Value]) -> tuple[list[Value], list[Value]]:
    """Return the rest of two lists once items that are written alike are taken out of both."""
    counts, other = Counter(gold), Counter(answer)
    return list((counts - other).elements()), list((other - counts).elements())


def _unwrap_single(value: Value) -> Value:
    """Unpack a group of one item without a bracket, or in braces."""
    while isinstance(value, Group) and len(value.items) == 1 and value.left in ("", "{", "["):
        value = value.items[0]
    return value


def _to_tuple(matrix: Matrix) -> Group:
    """Return a matrix as a tuple: of its entries if it is one row or column, else of its rows."""
    if len(matrix.rows) == 1:
        return Group("(", ")", tuple(map(Formula, matrix.rows[0])))
    if len(matrix.rows[0]) == 1:
        return Group("(", ")", tuple(Formula(row[0]) for row in matrix.rows))
    return Group("(", ")", tuple(Group("(", ")", tuple(map(Formula, row))) for row in matrix.rows))


def _is_product_of_variables(value: Value) -> bool:
    """Return whether a side of an equation multiplies variables, as `xy`; capital letters name a segment: `AB = 5`."""
    if not isinstance(value, Formula) or not isinstance(value.tree, Apply) or value.tree.head != "*":
        return False
    return all(isinstance(part, Symbol) and part.name[:1].islower() for part in value.tree.parts)


def _to_group(value: Value) -> Group | None:
    if isinstance(value, Formula) and isinstance(value.tree, Matrix):
        return _to_tuple(value.tree)
    return value if isinstance(value, Group) else None


def _brackets_agree(gold: Group, answer: Group) -> bool:
    kinds = (gold.left, gold.right), (answer.left, answer.right)
    if kinds[0] == kinds[1] or ("", "") in kinds:
        return True
    if ("{", "}") in kinds or ("<", ">") in kinds:
        return False
    return len(gold.items) > 2 and all(kind in (("(", ")"), ("[", "]")) for kind in kinds)


def _drop_order(group: Group) -> Group:
    """Return a list in brackets as one without; a pair in round brackets, or an interval, is none."""
    brackets = group.left, group.right
    is_list = brackets == ("[", "]") or (brackets == ("(", ")") and len(group.items) > 2)
    return Group("", "", group.items) if is_list else group


def _get_function_name(value: Value) -> str:
    if not isinstance(value, Formula) or not isinstance(value.tree, Apply) or value.tree.head != "of":
        return ""
    first = value.tree.parts[0]
    return first.name if isinstance(first, Symbol) else ""


def _get_label_name(value: Value) -> str | None:
    """Return the symbol before an equals sign, without its index: x for `x_1 = 2`."""
    if isinstance(value, Relation) and value.sign == "=" and isinstance(value.left, Formula):
        if isinstance(value.left.tree, Symbol):
            return value.left.tree.name.split("_")[0]
        return repr(value.left.tree)
    return repr(value.left) if isinstance(value, Relation) and value.sign == "=" else None


def _drop_shared_label(items: tuple[Value, ...]) -> tuple[Value, ...]:
    """Return the items without their labels where these are all the same: x=1, x=2; or where only the first has one."""
    names = [_get_label_name(item) for item in items]
    plain = all(name is None for name in names[1:]) and not any(isinstance(item, Relation) for item in items[1:])
    if names and names[0] is not None and (plain or len(set(names)) == 1):
        return tuple(item.right if isinstance(item, Relation) else item for item in items)
    return items


def _has_distinct_labels(items: tuple[Value, ...]) -> bool:
    names = [_get_label_name(item) for item in items]
    return None not in names and len(set(names)) == len(names) > 1


def _flatten(items: Sequence[Value]) -> list[Value]:
    flat: list[Value] = []
    for item in items:
        flat.extend(_flatten(item.items) if isinstance(item, Group) and item.left == "" else [item])
    return flat


def _list_parts(value: Value) -> list[Value]:
    """Return the sets of a union, the alternatives of "or", the items of a list or set."""
    if isinstance(value, Union):
        parts = [part for piece in value.parts for part in _list_parts(_drop_label(piece))]
        return list(_drop_shared_label(tuple(parts)))
    if isinstance(value, Group) and value.left in ("", "{"):
        return _flatten(_drop_shared_label(value.items))
    return [value]


def _drop_label(value: Value) -> Value:
    if isinstance(value, Relation) and value.sign == "in" and is_label(value.left):
        return value.right
    return value
