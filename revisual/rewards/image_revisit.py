"""ReVisual-R1's reward for phrases that refer back to the picture."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from revisual.grading.grade import Grade
from revisual.rewards.functions import Response, RewardFunction, RewardScores
from revisual.rewards.sentences import sentences

_PICTURE = r"(?:image|picture|figure|diagram)"
_MENTION = re.compile(rf"\b(?:the|this) {_PICTURE}\b|\bas shown\b")
# Gaps have a limit, so that the time stays linear.
_RETURN = re.compile(
    rf"\b(?:wait|but|no|on second thought)\b.{{1,30}}\b{_PICTURE}\b"
    rf"|\b(?:look|looking|check|checking) (?:back )?(?:at )?the {_PICTURE} (?:again|more carefully)\b"
    rf"|\brevisiting the {_PICTURE}\b|\banother look\b|\b(?:closer|further) inspection\b"
)
_INSIGHT = re.compile(
    r"\bi (?:now )?(?:see|notice|realize|observe)\b|\bi was (?:wrong|mistaken)\b|\bi (?:missed|overlooked)\b"
    r"|\bactually\b|\bin fact\b|\bthis (?:confirms|contradicts)\b"
)


def image_revisit_score(text: str) -> float:
    """Score from 0 to 1, by what a text says of its picture. Letters' case does not count.

    - 0.2 for each mention ("the figure", "this image", "as shown"), 0.4 at most;
    - 0.3 if a sentence goes back to it ("wait, the diagram", "looking at the image again", "closer inspection");
    - 0.3 if the sentence after such a one has an insight ("I see", "actually", "I overlooked").

    After ReVisual-R1's released code, of which the three parts and their sizes are; with shorter lists of phrases.

    Example: `image_revisit_score("The figure has a circle. Wait, the figure has two. I see.") == 1.0`
    """
    parts = sentences(text)
    returns = [_RETURN.search(part) is not None for part in parts]
    insights = [_INSIGHT.search(part) is not None for part in parts]
    mentions = sum(len(_MENTION.findall(part)) for part in parts)
    followed = any(before and after for before, after in zip(returns, insights[1:], strict=False))
    return min(0.4, 0.2 * mentions) + 0.3 * any(returns) + 0.3 * followed


@dataclass(frozen=True)
class ImageRevisitScore(RewardFunction):
    """From 0 to 1, more for phrases that go back to the picture: see `image_revisit_score`.

    Hackable: three sentences earn all of it, whatever the picture shows, and without there being one. Give it a small
    weight, or weight 0 to have it logged.

    Example: `ImageRevisitScore()([Response("The figure has a circle.", sample)], ...).scores == [0.2]`
    """

    def __call__(self, responses: Sequence[Response], grades: Sequence[Grade]) -> RewardScores:
        """Return scores from 0 to 1; never an error."""
        return RewardScores([image_revisit_score(response.text) for response in responses], [None] * len(responses))
