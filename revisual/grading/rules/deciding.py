"""Decides whether one answer equals a gold answer, cheapest rule first."""

import re
from dataclasses import dataclass, field, replace

from revisual.grading.rules.algebra.decide import (
    equal_by_algebra,
    formulas_equal_by_algebra,
    has_closed_form,
    may_decide,
)
from revisual.grading.rules.algebra.limits import OutOfTime, limit_time
from revisual.grading.rules.choices import read_letters, read_yes_or_no
from revisual.grading.rules.comparison import Comparison
from revisual.grading.rules.conventions import NO_CONTEXT, Context
from revisual.grading.rules.equality import Undecided
from revisual.grading.rules.exact import ExactField
from revisual.grading.rules.fields import Undefined, Unsupported
from revisual.grading.rules.finding import Found
from revisual.grading.rules.numeric import PreciseField
from revisual.grading.rules.reading import read
from revisual.grading.rules.spelling import clean
from revisual.grading.rules.tree import Matrix, Tree
from revisual.grading.rules.values import Formula, Group, Piecewise, Relation, Union, Value, Words, list_trees
from revisual.grading.rules.words import ends_with_words, lists_same_words, normalize_words, read_moment, unwrap

_LABEL = re.compile(r"\s*\(?([A-J])(?:\)|[.:](?=\s))\s*(?=\S)")
_LETTERS = re.compile(r"[^\W\d_]{2,}(?: [^\W\d_]+)*\.?")
_SPACE = re.compile(r"\s+(?!\d)|(?<!\d)\s+")
_HEDGE = re.compile(r"(?i)\b(?:or|maybe|perhaps|possibly|either)\b")
_PROSE = frozenset({"bare", "sentence"})
MAX_TEXT = 200_000


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is right, and the rule that says so.

    Example: `Verdict(True, "number")`
    """

    equal: bool
    rule: str
    error: str | None = None
    values: tuple[Value, Value] | None = field(default=None, compare=False)
    """What the gold answer and the answer were read as, where their values were compared."""


def _normalize(text: str) -> str:
    return _SPACE.sub("", unwrap(clean(text))).rstrip(".,;")


def decide(gold: str, found: Found, context: Context = NO_CONTEXT) -> Verdict:
    r"""Return whether a found answer is the gold answer.

    Example: `decide(r"\frac{1}{2}", Found("0.5", "boxed")) == Verdict(True, "number")`
    """
    answer = found.text
    if found.hedged and not _is_several(read(gold)):
        return Verdict(False, "hedge")
    key = _normalize(gold)
    if key and key == _normalize(answer):
        return Verdict(True, "text")
    gold_moment = read_moment(gold)
    if gold_moment is not None and gold_moment == read_moment(answer):
        return Verdict(True, "time")
    return _choose_verdict(
        [
            _decide_by_reading(g, Found(a, found.rule, found.hedged), context)
            for g in _list_decimal_readings(gold)
            for a in _list_decimal_readings(answer)
        ]
    )


_COMMA = re.compile(r"\$?([-+]?\d+),(\d+)\$?((?:\s*[^\d,;.()\[\]{}]+)?\.?)")


def _list_decimal_readings(text: str) -> list[str]:
    """Return a text, and what it says if its only comma is a decimal comma."""
    found = _COMMA.fullmatch(text.strip())
    return [text, f"{found[1]}.{found[2]}{found[3]}"] if found else [text]


def _choose_verdict(verdicts: list[Verdict]) -> Verdict:
    return next((verdict for verdict in verdicts if verdict.equal), verdicts[0])


def _decide_by_reading(gold: str, found: Found, context: Context) -> Verdict:
    answer = found.text
    if _LETTERS.fullmatch(unwrap(gold).strip()) and matches_words(gold, answer):
        return Verdict(True, "words")
    right = read(gold)
    gold_letters = read_letters(gold)
    if gold_letters and read_letters(answer):
        return Verdict(gold_letters == read_letters(answer), "choice")
    if isinstance(right, Words):
        is_said = matches_words(gold, answer) or (found.rule in _PROSE and ends_with_words(gold, answer))
        return Verdict(is_said, "words")
    verdict = _compare_values(right, answer, context)
    label = _LABEL.match(answer)
    if verdict.equal or label is None or _is_several(right):
        return verdict
    return _compare_values(right, answer[label.end() :], context)


def _compare_values(right: Value, answer: str, context: Context) -> Verdict:
    given = read(answer)
    rule = _name_rule(right)
    if isinstance(given, Words):
        return Verdict(False, "hedge" if _HEDGE.search(answer) else rule)
    if isinstance(given, Union) and given.by_words and not _is_several(right):
        return Verdict(False, "hedge")
    try:
        verdict = Verdict(Comparison(context).same(right, given), rule, values=(right, given))
    except Undecided:
        verdict = Verdict(False, rule, None if all(map(_is_cheap, list_trees(right))) else "too_costly")
    if verdict.equal or not context.conventions.algebra or not may_decide(right, given):
        return verdict
    return _compare_by_algebra(right, given, context, verdict)


def _compare_by_algebra(right: Value, given: Value, context: Context, refusal: Verdict) -> Verdict:
    """Compare by algebra where the fast rules have refused; it refuses, too, where it takes too long."""
    try:
        with limit_time():
            comparison = Comparison(context, formulas_equal_by_algebra)
            if comparison.same(right, given) or equal_by_algebra(right, given):
                return Verdict(True, "algebra", values=(right, given))
            is_known = refusal.error is not None and all(has_closed_form(tree) for tree in list_trees(right))
    except (OutOfTime, Undecided):
        is_known = False
    return replace(refusal, rule="algebra", error=None if is_known else refusal.error)


def matches_words(gold: str, answer: str) -> bool:
    """Return whether an answer is a gold answer in words, with or without the letter of its option.

    Example: `matches_words("the red bar", "(B) Red bar.") and not matches_words("even", "evening")`
    """
    key = normalize_words(gold)
    if not key or len(answer) > MAX_TEXT:
        return False
    label = _LABEL.match(answer)
    if key in ("yes", "no") and read_yes_or_no(answer) == key:
        return True
    if lists_same_words(key, normalize_words(answer)):
        return True
    return key == normalize_words(answer) or (label is not None and key == normalize_words(answer[label.end() :]))


def _is_several(value: Value) -> bool:
    """Return whether a gold answer is itself a list, a set or several alternatives."""
    if isinstance(value, Relation):
        return _is_several(value.right)
    return isinstance(value, Union) or (isinstance(value, Group) and value.left in ("", "{"))


def _name_rule(value: Value) -> str:
    if isinstance(value, Formula):
        return "matrix" if isinstance(value.tree, Matrix) else "number"
    if isinstance(value, Relation):
        return "relation"
    if isinstance(value, Piecewise):
        return "piecewise"
    return "set" if isinstance(value, Union) or value == Words("") else "list"


def _is_cheap(tree: Tree) -> bool:
    for numbers in (ExactField(), PreciseField()):
        try:
            numbers.value(tree)
            return True
        except Undefined:
            return True
        except Unsupported:
            continue
    return False
