"""A reward for not repeating oneself, in linear time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from revisual.grading.grade import Grade
from revisual.rewards.functions import Response, RewardFunction, RewardScores
from revisual.rewards.sentences import sentences

WORDS = 5
"""Words of a run that counts as repeated when it comes again."""
_TURN = re.compile(r"\b(?:but wait|wait, but|so maybe|but actually|but maybe|but perhaps)\b", re.IGNORECASE)


def _again(items: Sequence[object]) -> int:
    """Return how many items have been there before."""
    return len(items) - len(set(items))


def repetition_score(text: str) -> float:
    """Return 1 less the cost of repeated sentences, runs of words and turns of thought, as below.

    - 0.1 for each sentence that has been there before, 0.5 at most;
    - 0.05 for each run of five words, cut at blanks, that has been there before, 0.3 at most;
    - 0.1 for each turn ("but wait", "so maybe" and the like) that has been there before, 0.2 at most.

    The costs are those of ReVisual-R1's released code, which looks for loops by nested back-references, and takes
    minutes for what this does in milliseconds; line breaks end sentences here, too.

    Example: `repetition_score("It is 3. It is 3. So 3.") == 0.9`
    """
    words = text.split()
    runs = [tuple(words[i : i + WORDS]) for i in range(len(words) - WORDS + 1)]
    turns = [turn.lower() for turn in _TURN.findall(text)]
    cost = min(0.5, 0.1 * _again(sentences(text))) + min(0.3, 0.05 * _again(runs)) + min(0.2, 0.1 * _again(turns))
    return max(0.0, 1.0 - cost)


@dataclass(frozen=True)
class RepetitionReward(RewardFunction):
    """From 1, nothing said twice, down to 0: see `repetition_score`.

    The costs do not depend on the length, so that most responses of thousands of words have only 0.7 left, right or
    wrong. Hackable: the fewer words, the fewer repetitions; an empty response gets 1.

    Example: `RepetitionReward()([Response("It is 3. It is 3. So 3.", sample)], ...).scores == [0.9]`
    """

    def __call__(self, responses: Sequence[Response], grades: Sequence[Grade]) -> RewardScores:
        """Return scores from 0 to 1; never an error."""
        return RewardScores([repetition_score(response.text) for response in responses], [None] * len(responses))
