"""No proofs, no questions of several parts, none that lacks what it speaks of, none too long."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from typing_extensions import override

from revisual.core.ranges import NonNegativeInt, PositiveInt, check_order
from revisual.data.sample import Sample
from revisual.data_recipes.grammar.rules.base import Rule

_BEGINS = r"(?:^|[.;:!?\n]\s*|\b(?:and|then|to|must|please|also)\s+|[$\]]\s+)(?:\(?[a-d0-9]\)\s*)?"
_TELLS = r"(?:(?:dis)?prove|show|demonstrate|justify|verify|explain|deduce|conclude)"
_WHAT = r"(?:that|the following|why|how|your|by|whether|each|it)"
_PROOF = re.compile(
    rf"(?i){_BEGINS}{_TELLS}\s+{_WHAT}\b"
    r"|\b(?:give|write|provide|find)\s+(?:a|an|the|your)\s+(?:\w+\s+)?(?:proof|justification|explanation)\b"
    r"|(?:^|[.;:!?\n]\s*)(?:dis)?prove\b"
)
_ASKS = re.compile(
    r"(?i)\b(?:find|compute|calculate|determine|evaluate|what|how (?:many|much|long|far|old|tall)|which|solve|express|"
    r"simplify|who|when|where)\b"
)
_PART_MARK = re.compile(
    r"(?:^|[\s.;:?!])(?:\(([a-h]|i{1,3}|iv|v|[1-9])\)|(?:Part|PART)\s+([A-Ha-h1-9])\b\s*[.:)]|([a-h1-9])\)(?=\s))\s*(?=\S)"
)
_OPTION = re.compile(r"(?:^|\s)\(?[A-E][).:]\s*\S")
_DRAWN_THING = r"(?:figure|diagram|picture|image|photo|photograph|illustration|graph|chart|table|map|sketch|drawing)s?"
_PLACE = r"(?:shown|pictured|depicted|below|above|at (?:the )?(?:right|left)|(?:on|to) the (?:right|left))"
_PICTURE = re.compile(
    r"(?i)\b(?:in|from|see|to)\s+(?:the|this)\s+(?:given\s+|following\s+|accompanying\s+|adjacent\s+)?(?:figure|diagram)\b"
    rf"|\b(?:the|this)\s+(?:accompanying|adjacent|attached)\s+{_DRAWN_THING}"
    rf"|\b{_DRAWN_THING}\s+(?:is\s+|are\s+)?{_PLACE}\b"
    rf"|\b(?:as|is|are)\s+(?:shown|pictured|depicted|illustrated)(?=\s*[.,;:?!]"
    rf"|\s+(?:in|on) (?:the|this) {_DRAWN_THING}\b"
    r"|\s+(?:above|below|here|(?:on|to) the (?:right|left))\b)"
    rf"|\b(?:shown|pictured|drawn)\s+(?:below|above|here|at (?:the )?(?:right|left)|in (?:the|this) {_DRAWN_THING})\b"
    r"|\bthe\s+(?:figure|diagram|picture|image)\s+(?:shows|depicts|illustrates)\b"
    r"|<image\s*\d*>"
)
_DRAWN = re.compile(
    r"\[asy\]|\\begin\{(?:tikzpicture|tabular|array|table|picture|pspicture)|\|[^|\n]+\|[^|\n]+\||(?:[^\n|]+\|[^\n|]*\n){2}"
)
"""The text itself holds the picture or the table."""


@dataclass(frozen=True)
class NoProof(Rule):
    """The question asks for a value, not for a proof or an explanation.

    One that tells to show something and then asks for a value stays, unless the telling comes last.
    """

    @override
    def __call__(self, samples: Sequence[Sample]) -> list[str | None]:
        return ["question: a proof or an explanation" if asks_proof(sample.question) else None for sample in samples]


def asks_proof(question: str) -> bool:
    """Return whether a question ends in asking for a proof.

    Example: `asks_proof("Prove that 2 is prime.") and not asks_proof("Show that x > 0. What is x?")`
    """
    found = list(_PROOF.finditer(question))
    return bool(found) and _ASKS.search(question, found[-1].end()) is None


@dataclass(frozen=True)
class OnePart(Rule):
    """The question has one part, and so one answer."""

    @override
    def __call__(self, samples: Sequence[Sample]) -> list[str | None]:
        return ["question: several parts" if _has_parts(sample) else None for sample in samples]


def _has_parts(sample: Sample) -> bool:
    """Return whether a question marks several parts in their order that are not options to choose from."""
    if sample.choices or len(_OPTION.findall(sample.question)) >= 3:
        return False
    found = [match for match in _PART_MARK.finditer(sample.question)]
    marks = [next(group for group in match.groups() if group).lower() for match in found]
    for first, second in (("a", "b"), ("1", "2"), ("i", "ii")):
        if first in marks and second in marks[marks.index(first) + 1 :]:
            start = found[marks.index(first)].end()
            middle = found[marks.index(second, marks.index(first) + 1)]
            parts = sample.question[start : middle.start()], sample.question[middle.end() :]
            if all(_ASKS.search(part) or _PROOF.search(part) for part in parts):
                return True
    return False


@dataclass(frozen=True)
class NothingMissing(Rule):
    """A question that speaks of a picture or a table has one, drawn in code or text at least; its pictures open."""

    @override
    def __call__(self, samples: Sequence[Sample]) -> list[str | None]:
        return ["picture: the question has none" if _lacks_picture(sample) else None for sample in samples]


def _lacks_picture(sample: Sample) -> bool:
    return not sample.images and _PICTURE.search(sample.question) is not None and _DRAWN.search(sample.question) is None


@dataclass(frozen=True)
class Length(Rule):
    """Questions, and worked solutions, within bounds.

    Args:
        most_characters: of a question.
        least_characters: of a question without pictures.
        most_solution: characters of a worked solution.
    """

    most_characters: PositiveInt = 8_000
    least_characters: NonNegativeInt = 8
    most_solution: PositiveInt = 120_000

    def __post_init__(self) -> None:
        super().__post_init__()
        check_order(self, "least_characters", "most_characters")

    @override
    def __call__(self, samples: Sequence[Sample]) -> list[str | None]:
        return [self._reason(sample) for sample in samples]

    def _reason(self, sample: Sample) -> str | None:
        size = len(sample.question.strip())
        if size > self.most_characters or len(sample.solution or "") > self.most_solution:
            return "length: too long"
        return "length: too short" if size < self.least_characters and not sample.images else None
