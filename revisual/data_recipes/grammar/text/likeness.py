"""How alike two questions are: the same, near twins, or different."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from revisual.data_recipes.grammar.text.canonical import Canonical, is_symbol

NOISE = 0.04
"""Share of words that may differ besides a synonym per sentence: a name that was changed, a word left out."""
SYMBOL_RATIO = 0.9
"""How alike the formulas of two spellings of a question are at least."""
TWIN_RATIO = 0.75
"""From which share of common tokens two different questions are near twins: a template with other numbers."""
TWIN_TOKENS = 8
"""Shorter questions have no twins: they have too little in common with anything."""


class Likeness(StrEnum):
    """How alike two questions are."""

    EQUAL = "equal"
    """But for case, spacing, the spelling of LaTeX and digits in words."""
    SAME = "same"
    """The same formulas and numbers; about one word per sentence is another."""
    TWIN = "twin"
    """Much in common, and not the same question: other numbers, another thing asked for."""
    DIFFERENT = "different"


@dataclass(frozen=True)
class Compared:
    """How alike two texts are, and the share of tokens that they have in common."""

    likeness: Likeness
    ratio: float


def compare(one: Canonical, other: Canonical) -> Compared:
    """Return how alike two questions are as wholes.

    Example: `compare(canonical("What is 6 times 7?"), canonical("what is six  times 7")).likeness == Likeness.EQUAL`
    Example: `compare(canonical("Compute $x^2$ now."), canonical("Find $x^2$ now.")).likeness == Likeness.SAME`
    Example: `compare(canonical("Find 6 * 7."), canonical("Find 6 * 8.")).likeness == Likeness.DIFFERENT`
    """
    a, b = one.tokens, other.tokens
    if a == b or _join_tokens(a) == _join_tokens(b):
        return Compared(Likeness.EQUAL, 1.0)
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    if matcher.real_quick_ratio() < 0.5:
        return Compared(Likeness.DIFFERENT, 0.0)
    ratio = matcher.ratio()
    if (
        one.numbers == other.numbers
        and _words_apart(matcher, a, b) <= _allow_words(one, other)
        and _formulas_agree(one, other)
    ):
        return Compared(Likeness.SAME, ratio)
    is_twin = ratio >= TWIN_RATIO and min(len(a), len(b)) >= TWIN_TOKENS
    return Compared(Likeness.TWIN if is_twin else Likeness.DIFFERENT, ratio)


def compare_within(part: Canonical, whole: Canonical) -> Compared:
    """Compare a question with the part of a longer text that is most like it, or with all of a text as long."""
    if len(whole.tokens) <= 1.25 * len(part.tokens) + 2:
        return compare(part, whole)
    blocks = SequenceMatcher(None, part.tokens, whole.tokens, autojunk=False).get_matching_blocks()
    long = max(blocks, key=lambda block: block.size)
    leeway = 2 + len(part.tokens) // 8
    low, high = long.b - long.a - leeway, long.b - long.a + len(part.tokens) + leeway
    inside = [block for block in blocks if block.size and block.b >= low and block.b + block.size <= high]
    if not inside:
        return Compared(Likeness.DIFFERENT, 0.0)
    first, last = inside[0], inside[-1]
    start = max(0, first.b - first.a)
    end = last.b + last.size + len(part.tokens) - last.a - last.size
    sentences = max(part.sentences, 1)
    return max(
        (
            compare(part, Canonical(whole.tokens[i:j], sentences))
            for i, j in {(start, end), (first.b, last.b + last.size)}
        ),
        key=lambda compared: (
            compared.likeness != Likeness.DIFFERENT,
            compared.likeness != Likeness.TWIN,
            compared.ratio,
        ),
    )


def _join_tokens(tokens: tuple[str, ...]) -> str:
    """Return the tokens without spaces, which LaTeX sets as it likes: "x y" is "xy", but "1 2" is not "12"."""
    return "".join(f"#{token}" if token[0].isdigit() else token for token in tokens)


def _allow_words(one: Canonical, other: Canonical) -> float:
    words = max(sum(not is_symbol(token) for token in text.tokens) for text in (one, other))
    return min(max(one.sentences, other.sentences) + NOISE * words, max(1.0, words / 3))


def _words_apart(matcher: "SequenceMatcher[str]", a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """Return how many words of one have no partner in the other; a replaced word counts once."""
    apart = 0
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind != "equal":
            apart += max(sum(not is_symbol(token) for token in a[i:j]), sum(not is_symbol(token) for token in b[k:m]))
    return apart


def _formulas_agree(one: Canonical, other: Canonical) -> bool:
    a, b = one.symbols, other.symbols
    return a == b or SequenceMatcher(None, a, b, autojunk=False).ratio() >= SYMBOL_RATIO
