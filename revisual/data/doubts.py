"""What is likely to be wrong with samples although each of them can be read."""

import re
from collections.abc import Iterator, Sequence

from revisual.data.picture_marks import MARK, count_marked
from revisual.data.sample import Sample
from revisual.data.turns import text_of

_NAMED = re.compile(
    MARK.pattern + r"|\b(?:in|from|at|see|of) (?:the|this) (?:given |following |above )?"
    r"(?:figure|diagram|picture|image|photo|chart|graph)\b(?! of\b)"
    r"|\b(?:figure|diagram|picture|image|photo|chart|graph) (?:above|below|shown)\b|\bas shown (?:in|above|below)\b",
    re.IGNORECASE,
)
_INDEX = re.compile(r"\d{1,2}")


def find_doubts(samples: Sequence[Sample]) -> Iterator[str]:
    """Yield a line for each kind of doubt, with the number of samples and the first of them."""
    blind = [sample for sample in samples if _lacks_picture(sample)]
    if blind:
        yield (
            f"{len(blind)} of {len(samples)} questions name a picture and have none; the first, {blind[0].id}: "
            f"{blind[0].asked[:80]!r}"
        )
    unlike = [one for one in samples if one.images and _marks(one) not in (0, len(one.images))]
    if unlike:
        yield (
            f"{len(unlike)} of {len(samples)} questions have other numbers of <image> marks and of pictures; the "
            f"first, {unlike[0].id}: {_marks(unlike[0])} marks, {len(unlike[0].images)} pictures; "
            "the marks stay as words"
        )
    chosen = [sample for sample in samples if sample.choices]
    numbered = [sample for sample in chosen if is_index(sample)]
    if numbered:
        yield (
            f"{len(numbered)} of {len(chosen)} answers beside choices are a number that is none of them; the first, "
            f"{numbered[0].id}: {numbered[0].answer!r}; if it is the place of the right one, give its letter or text"
        )


def _marks(sample: Sample) -> int:
    """Return how many pictures the marks in a sample's texts stand for."""
    return count_marked("\n".join([sample.question, *map(text_of, sample.messages or ())]))


def _lacks_picture(sample: Sample) -> bool:
    """Return whether a question speaks of a picture that is not there, neither as one nor drawn in words."""
    return not sample.images and "[asy]" not in sample.asked and _NAMED.search(sample.asked) is not None


def is_index(sample: Sample) -> bool:
    """Return whether the answer is a number that could be a place among the choices, and is none of them.

    Example: `is_index(Sample("1", "Which?", "1", choices=["red", "blue"]))`
    """
    choices = [choice.strip() for choice in sample.choices or ()]
    answer = sample.answer.strip()
    return _INDEX.fullmatch(answer) is not None and int(answer) <= len(choices) and not _is_among(answer, choices)


def _is_among(answer: str, choices: Sequence[str]) -> bool:
    """Return whether a choice is the answer, or holds that number beside a letter or a unit: `B. 1 cm`."""
    return any(re.search(rf"(?<![\d.]){answer}(?![\d])", choice) for choice in choices)
