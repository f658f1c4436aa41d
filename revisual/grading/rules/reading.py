"""Reads an answer: what it says, as a value. Brackets, commas and relations first, formulas last."""

import re
from functools import lru_cache

from revisual.grading.rules.formulas import parse_formula
from revisual.grading.rules.intervals import REALS, is_symbol, make_between, make_inequality, remove_points
from revisual.grading.rules.lexer import Token, tokenize
from revisual.grading.rules.lists import expand_dots
from revisual.grading.rules.matrices import fold_matrices
from revisual.grading.rules.piecewise import read_piecewise
from revisual.grading.rules.plus_minus import expand_signs
from revisual.grading.rules.quantities import join_quantities
from revisual.grading.rules.spelling import clean
from revisual.grading.rules.tree import Apply, Symbol, Unreadable
from revisual.grading.rules.units import ORDINAL, ORDINAL_NOUN
from revisual.grading.rules.values import Formula, Group, Relation, Union, Value, Words
from revisual.grading.rules.words import normalize_words, unwrap

MAX_LENGTH = 50_000
"""Characters of an answer that is still read; longer ones are compared as text alone."""

_OPENING = frozenset({"(", "[", "{", r"\{", r"\begin", r"\lfloor", r"\lceil"})
_CLOSING = frozenset({")", "]", "}", r"\}", r"\end", r"\rfloor", r"\rceil"})
_OR = frozenset({"or", r"\lor", r"\vee", "ou", "或", "oder"})
_AND = frozenset({",", "and", r"\land", r"\wedge", "et", "和", "und", "，"})
_RELATIONS = {
    "=": "=", "<": "<", ">": ">", r"\le": "<=", r"\ge": ">=", r"\ne": "!=", r"\in": "in", r"\approx": "~",
    r"\equiv": "=",
}  # fmt: skip
_INTEGERS = re.compile(
    r"(?:,|;|\()? ?(?:\\text ?\{)? ?(?:where|for|with)? ?(?:all|any|some|every)? ?(?:integers?)? ?\}? ?([a-zA-Z]) ?"
    r"(?:\\in ?(?:\\mathbb|\\mathbf|\\text)? ?\{? ?[ZN] ?\}?(?: ?[\^_] ?\{? ?[+*] ?\}?)?"
    r"|(?:\\text ?\{)? ?is an(?:y)? integer ?\}?) ?\)?\.?$"
)
_MATH_MARK = re.compile(r"[\d=<>^_+*/()\[\]|]|\\(?!text|mathrm|mbox)|[^\W\d_a-zA-Zà-ÿ\u0400-\U0010ffff]")
_LETTER_TERMS = re.compile(r"\s*-?\s*[a-z]{1,2}(?:\s*-\s*[a-z]{1,2})+\s*")
_NUMBER = re.compile(r"-?\d")
_DIGIT = re.compile(r"\d")
_NOUN = re.compile(r" ([a-z]+)$")
_WORD = re.compile(r"[^\W\d_]{2,}")
_FORMULA_NAMES = frozenset({"pi", "infinity", "theta", "alpha", "beta", "gamma"})
_NOTHING = Group("{", "}", ())
_NAMED_SETS: dict[str, Value] = {
    **dict.fromkeys(("all real numbers", "all reals", "real numbers", "reals", "any real number", "all real x"), REALS),
    **dict.fromkeys(("no solution", "empty set", "null set"), _NOTHING),
}


@lru_cache(maxsize=128)
def read(text: str) -> Value:
    r"""Read an answer's value.

    Example: `read("0") == Formula(Number(Fraction(0), None, 0))`
    Example: `read("x < 3") == read(r"x \in (-\infty, 3)")`
    Example: `read("the blue car") == Words("blue car")`
    """
    if len(text) > MAX_LENGTH:
        return Words(normalize_words(text))
    plain = normalize_words(text)
    if plain in _NAMED_SETS:
        return _NAMED_SETS[plain]
    if _is_wordy(text) and not _NUMBER.match(plain):
        return Words(plain)
    cleaned = ORDINAL.sub("", ORDINAL_NOUN.sub(r" \\text{", clean(text))).lstrip(" ,;").rstrip(" .,;\\")
    if _NUMBER.match(plain) and not _DIGIT.search(text):  # a number in words
        cleaned = _NOUN.sub(r" \\text{\1}", plain)
    try:
        found = tokenize(_rename_integer(cleaned.lstrip("= ")))
        value = _read_value(_drop_redundant_brackets(found))
    except (Unreadable, RecursionError):
        return Words(normalize_words(text))
    return expand_signs(value)


def _is_wordy(text: str) -> bool:
    """Return whether an answer has words and nothing of a formula: no digit, no sign."""
    plain = unwrap(text)
    if _MATH_MARK.search(plain):
        return False
    if _LETTER_TERMS.fullmatch(plain):
        return False
    found = [word for word in _WORD.findall(plain) if word not in _FORMULA_NAMES]
    return len(found) > 1 or any(len(word) > 3 or not word.isascii() for word in found)


def _drop_redundant_brackets(found: list[Token]) -> list[Token]:
    """Return all but one of the round brackets that hold everything: ((((1)))) as (1)."""
    opened = 0
    while opened < len(found) and found[opened].text == "(" and found[-1 - opened].text == ")":
        opened += 1
    depth, least = opened, opened
    for token in found[opened : len(found) - opened]:
        depth += (token.text == "(") - (token.text == ")")
        least = min(least, depth)
    extra = max(min(opened, least) - 1, 0) if depth == opened else 0
    return found[extra : len(found) - extra]


def _rename_integer(text: str) -> str:
    r"""Drop "k in Z" at an answer's end, and call the integer n whatever its name was."""
    declared = _INTEGERS.search(text[-80:])
    if declared is None:
        return text
    rest = text[: len(text) - len(text[-80:]) + declared.start()]
    return re.sub(rf"(?<![A-Za-z\\]){declared[1]}(?![A-Za-z])", "n ", rest)


def _split(found: list[Token], separators: frozenset[str]) -> list[list[Token]]:
    """Return the pieces between separators outside of brackets, empty ones left out."""
    pieces: list[list[Token]] = [[]]
    depth = 0
    for token in found:
        depth += (token.text in _OPENING) - (token.text in _CLOSING)
        if depth == 0 and token.text in separators:
            pieces.append([])
        else:
            pieces[-1].append(token)
    return [piece for piece in pieces if piece]


def _read_value(found: list[Token]) -> Value:
    found = _trim(found)
    if not found:
        raise Unreadable("nothing")
    for separators in (frozenset({";"}), _OR, _AND):
        pieces = _split(found, separators)
        if len(pieces) > 1:
            items = expand_dots(tuple(_read_item(piece) for piece in pieces))
            if separators is _OR:
                return Union(items, by_words=True)
            trees = [item.tree for item in items if isinstance(item, Formula)]
            joined = join_quantities(trees) if len(trees) == len(items) else None
            return Group("", "", items) if joined is None else Formula(joined)
        if len(pieces) == 1 and len(pieces[0]) < len(found):
            found = pieces[0]
    return _read_labeled(found) or _read_relation(found) or _read_union(found)


def _read_item(found: list[Token]) -> Value:
    try:
        return _read_value(found)
    except Unreadable:
        return Words(normalize_words(" ".join(token.text for token in found)))


def _trim(found: list[Token]) -> list[Token]:
    while found and found[-1].text in (".", ",", ";", ":", "?", '"'):
        found = found[:-1]
    while found and found[0].text in ('"', "="):
        found = found[1:]
    return found


def _read_labeled(found: list[Token]) -> Value | None:
    """Return an answer behind a label of words: "Minimum: 1"."""
    for position, token in enumerate(found[:6]):
        if token.text == ":" and position > 0 and len(found) > position + 1:
            label = found[:position]
            if any(len(t.text) > 2 and t.kind in ("word", "text") for t in label):
                return Relation(
                    "=", Words(normalize_words(" ".join(t.text for t in label))), _read_value(found[position + 1 :])
                )
        if token.kind not in ("word", "text"):
            return None
    return None


def _read_relation(found: list[Token]) -> Value | None:
    """Read an equation, inequality or chain of them; of `x = a = b`, the last; what is only about equal is left out."""
    sides = _split(found, frozenset(_RELATIONS))
    if len(sides) < 2:
        return None
    signs = _list_signs(found)
    if len(signs) != len(sides) - 1:
        raise Unreadable("a relation without a side")
    while "~" in signs:
        where = signs.index("~")
        if where == 0 and len(sides[0]) > 1:
            return _read_union(sides[0])
        sides, signs = (sides[:where] + sides[where:][:1], signs[:where]) if where else (sides[:2], ["="])
    if set(signs) == {"="}:
        named = [side for side in map(_read_side, sides[:-1]) if is_symbol(side)]
        return Relation("=", named[0] if named else _read_side(sides[0]), _read_union(sides[-1]))
    if len(signs) == 2 and all(sign in ("<", "<=") for sign in signs):
        return _read_between(sides, "[" if signs[0] == "<=" else "(", "]" if signs[1] == "<=" else ")")
    if len(signs) == 2 and all(sign in (">", ">=") for sign in signs):
        return _read_between(sides[::-1], "[" if signs[1] == ">=" else "(", "]" if signs[0] == ">=" else ")")
    if len(signs) != 1:
        raise Unreadable("a chain of mixed relations")
    left, right = _read_side(sides[0]), _read_union(sides[1])
    return make_inequality(signs[0], left, right) if signs[0] != "in" else Relation("in", left, right)


def _list_signs(found: list[Token]) -> list[str]:
    signs = []
    depth = 0
    for token in found:
        depth += (token.text in _OPENING) - (token.text in _CLOSING)
        if depth == 0 and token.text in _RELATIONS:
            signs.append(_RELATIONS[token.text])
    return signs


def _read_side(found: list[Token]) -> Value:
    return _read_item(found)


def _read_between(sides: list[list[Token]], left: str, right: str) -> Value:
    lower, middle, upper = (_read_union(side) for side in sides)
    return make_between(middle, Group(left, right, (lower, upper)))


def _read_union(found: list[Token]) -> Value:
    found = _trim(found)
    pieces = _split(found, frozenset({r"\cup"}))
    if len(pieces) > 1:
        return Union(tuple(_read_union(piece) for piece in pieces))
    removed = _split(found, frozenset({r"\setminus"}))
    if len(removed) == 2:
        return remove_points(_read_union(removed[0]), _read_union(removed[1]))
    cases = read_piecewise(found, _read_value)
    if cases is not None:
        return cases
    shares = _split(found, frozenset({":"}))
    if len(shares) > 2:
        trees = [fold_matrices(parse_formula(share)) for share in shares]
        return Group("ratio", "ratio", tuple(Formula(Apply("/", (tree, trees[0]))) for tree in trees))
    if "".join(token.text for token in found) in ("\\mathbb{R}", "\\mathbb R", "\\mathbf{R}", "R"):
        return REALS if found[0].kind == "command" else Formula(Symbol("R"))
    return _read_bracketed(found) or Formula(fold_matrices(parse_formula(found)))


def _read_bracketed(found: list[Token]) -> Value | None:
    """Return a tuple, interval or set; None if one bracket does not hold all of it, or holds a single formula."""
    if len(found) == 1 and found[0].text == r"\emptyset":
        return Group("{", "}", ())
    if len(found) < 2 or found[0].text not in ("(", "[", "{", r"\{") or found[-1].text not in (")", "]", "}", r"\}"):
        return None
    depth = 0
    for position, token in enumerate(found):
        depth += (token.text in _OPENING) - (token.text in _CLOSING)
        if depth == 0 and position < len(found) - 1:
            return None
    inside = found[1:-1]
    left, right = found[0].text.removeprefix("\\"), found[-1].text.removeprefix("\\")
    if not inside:
        return Group(left, right, ())
    built = _split(inside, frozenset({r"\mid", "|", ":"})) if left == "{" else []
    if len(built) == 2 and found[0].text == r"\{":
        return _read_value(built[1])
    pieces = _split(inside, frozenset({",", ";"}))
    if len(pieces) > 1 or found[0].text == r"\{":
        if found[0].text == "{":  # braces without a backslash do not show: what they hold is a list
            left = right = ""
        return Group(left, right, expand_dots(tuple(_read_item(piece) for piece in pieces)))
    if left in "({[" and any(token.text in _OPENING or token.text in _RELATIONS for token in inside):
        try:
            return _read_value(inside)
        except Unreadable:
            return None
    return None
