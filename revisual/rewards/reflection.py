"""ReVisual-R1's reward for phrases of self-criticism."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from revisual.grading.grade import Grade
from revisual.rewards.functions import Response, RewardFunction, RewardScores
from revisual.rewards.sentences import sentences


def _phrases(*phrases: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(phrases)})\b")


_FAULT = _phrases("mistake", "error", "incorrect", "wrong", "contradiction", "flaw", "invalid", "not right")
_AGAIN = _phrases(
    "reconsider", "recalculate", "rethink", "re-evaluate", "reassess", "revisit", "revise", "double-check",
    "check again", "try again", "verify",
)  # fmt: skip
_DOUBT = _phrases("wait", "hold on", "however", "but", "although", "on second thought", "is that right", "i doubt")
_MILD = _phrases("perhaps", "maybe", "alternatively", "on the other hand", "not sure", "i wonder", "i think")
_WEIGHTS = ((_FAULT, 0.12), (_AGAIN, 0.10), (_DOUBT, 0.06), (_MILD, 0.03))
_CORRECTION = _phrases("correct", "should have", "should be", "instead", "missed", "overlooked", "forgot")

WITHIN = 3
"""Sentences after one that finds a fault in which its correction counts."""
MOST_CORRECTIONS = 3


def reflection_score(text: str) -> float:
    """Score a text's phrases of self-criticism, 1 at most. Letters' case does not count.

    - Each phrase that names a fault ("mistake", "wrong") is worth 0.12, one that goes back ("reconsider", "verify")
      0.10, one of doubt ("wait", "but") 0.06, a mild one ("maybe") 0.03; the same phrase again, half of that.
    - Each sentence that names a fault or goes back is worth 0.25 more where one of the next three corrects it
      ("should be", "instead", "overlooked"); three of these at most.

    After ReVisual-R1's released code, of which the weights are; with shorter lists, and without its bonus for
    reflecting in the second half.

    Example: `reflection_score("Wait. Wait, this is wrong. It should be 4.") == 0.06 * 1.5 + 0.12 + 0.25`
    """
    parts = sentences(text)
    joined = " ".join(parts)
    worth = 0.0
    for pattern, weight in _WEIGHTS:
        worth += sum(weight * (1 + 0.5 * (count - 1)) for count in Counter(pattern.findall(joined)).values())
    corrects = [_CORRECTION.search(part) is not None for part in parts]
    corrected = sum(
        any(corrects[i + 1 : i + 1 + WITHIN])
        for i, part in enumerate(parts)
        if _FAULT.search(part) is not None or _AGAIN.search(part) is not None
    )
    return min(1.0, worth + 0.25 * min(MOST_CORRECTIONS, corrected))


@dataclass(frozen=True)
class ReflectionScore(RewardFunction):
    """From 0 to 1, more for more phrases of self-criticism: see `reflection_score`.

    Hackable: it reads words, not thoughts. A dozen of them in a row earn all of it, whatever the answer; give it a
    small weight, or weight 0 to have it logged.

    Example: `ReflectionScore()([Response("Maybe.", sample)], ...).scores == [0.03]`
    """

    def __call__(self, responses: Sequence[Response], grades: Sequence[Grade]) -> RewardScores:
        """Return scores from 0 to 1; never an error."""
        return RewardScores([reflection_score(response.text) for response in responses], [None] * len(responses))
