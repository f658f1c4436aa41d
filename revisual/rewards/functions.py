"""Rewards of graded responses, and their weighted sum."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from revisual.core.ranges import Ranged, RewardWeight, check_ranges
from revisual.core.signatures import has_old_parameter
from revisual.data.sample import Sample
from revisual.grading.grader import Grade, Grader, grade_responses
from revisual.grading.rules.boxes import well_formed_boxes


@dataclass(frozen=True)
class RewardScores:
    """One score per response, and why it could not be computed where it could not.

    Example: `RewardScores(scores=[1.0, 0.0], errors=[None, "timeout"])`
    """

    scores: list[float]
    errors: list[str | None]


@dataclass(frozen=True)
class Response:
    """What a reward may know of one response.

    Example: `Response("It is 42.", sample, tokens=(785, 374, 220, 19, 17, 13), truncated=False)`
    """

    text: str
    """The whole response, thoughts included."""
    sample: Sample
    """The question, its gold answer and its choices."""
    tokens: Sequence[int] | None = None
    """Of the response, the end token included; None where they are not known."""
    truncated: bool | None = None
    """Whether it was cut at its limit; None where that is not known."""
    opened: str = ""
    """What of the text the chat template has written: the tag that opens the thoughts, or thoughts closed at once."""


class RewardFunction(Ranged, ABC):
    """Scores responses. `grades` are those of the one grader, made once per response: nothing is graded twice.

    The last release's signature, `(texts, samples, grades)`, is still called where `samples` is among the parameters.
    """

    wants: ClassVar[str] = ""
    """The form of response without which nothing is paid, in words that follow "none has"; empty: no certain one."""

    @abstractmethod
    def __call__(self, responses: Sequence[Response], grades: Sequence[Grade]) -> RewardScores:
        """Return one score and one error, or None, per response."""


@dataclass(frozen=True)
class AccuracyReward(RewardFunction):
    """The grader's score; what kept the grader from a verdict is passed on.

    Example: `AccuracyReward()([Response("42", sample)], [Grade(1.0, "42", "bare/exact")]).scores == [1.0]`
    """

    def __call__(self, responses: Sequence[Response], grades: Sequence[Grade]) -> RewardScores:
        """Return the scores and errors of the grades."""
        return RewardScores([grade.score for grade in grades], [grade.error for grade in grades])


def _after_thoughts(response: Response) -> str | None:
    """Return the answer of `<think>thoughts</think>answer`, each tag once and neither part blank; None for any other.

    Where the chat template has closed the thoughts itself, they are blank, and the policy writes neither tag.
    """
    text = response.text.strip()
    closed = response.opened.rstrip().endswith("</think>")
    if not text.startswith("<think>") or text.count("<think>") != 1 or text.count("</think>") != 1:
        return None
    thoughts, answer = text.removeprefix("<think>").split("</think>")
    return answer.strip() or None if thoughts.strip() or closed else None


def _ends_in_box(response: Response) -> bool:
    answer = _after_thoughts(response)
    boxes = None if answer is None else well_formed_boxes(answer)
    return bool(boxes) and all(box.strip() for box in boxes or ())


def _ends_in_answer_tag(response: Response) -> bool:
    answer = _after_thoughts(response)
    if answer is None or response.text.count("<answer>") != 1 or response.text.count("</answer>") != 1:
        return False
    if not answer.startswith("<answer>") or not answer.endswith("</answer>"):
        return False
    return answer.removeprefix("<answer>").removesuffix("</answer>").strip() != ""


@dataclass(frozen=True)
class FormatReward(RewardFunction):
    r"""1 for thoughts in one pair of think tags followed by text with a box, else 0.

    Thoughts and boxes hold something, and every box is closed. Thoughts that the chat template has closed at once count
    as they stand: then a box is all that the policy has to write.

    Example: `FormatReward()([Response(r"<think>6 * 7</think>It is \boxed{42}.", sample)], ...).scores == [1.0]`
    """

    wants: ClassVar[str] = r"thoughts in one pair of think tags and then a \boxed{} answer"

    def __call__(self, responses: Sequence[Response], grades: Sequence[Grade]) -> RewardScores:
        """Return 1 or 0 per response; never an error."""
        return RewardScores([float(_ends_in_box(response)) for response in responses], [None] * len(responses))


@dataclass(frozen=True)
class HardFormatResultReward(RewardFunction):
    """Vision-R1: 1 for a right answer in `<think>...</think><answer>...</answer>` and nothing else, else 0.

    Where the chat template has closed the thoughts at once, the policy has to write the answer's tags alone.

    Example: of `Response("<think>6 * 7</think><answer>42</answer>", sample)` the score is 1.0
    """

    wants: ClassVar[str] = "a right answer in answer tags, with thoughts in think tags before it"

    def __call__(self, responses: Sequence[Response], grades: Sequence[Grade]) -> RewardScores:
        """Return 1 or 0 per response; a grader's error counts only where the format leaves the reward open."""
        formed = [_ends_in_answer_tag(response) for response in responses]
        return RewardScores(
            [float(ok and grade.score == 1.0) for ok, grade in zip(formed, grades, strict=True)],
            [grade.error if ok else None for ok, grade in zip(formed, grades, strict=True)],
        )


@dataclass(frozen=True)
class WeightedReward:
    """A reward function and its weight in the sum. In logs, a reward's name is its key in `rewards`.

    ```yaml
    rewards:
      accuracy: {function: {class_path: AccuracyReward}, weight: 0.9}
      format: {function: {class_path: FormatReward}, weight: 0.1}
    ```
    """

    function: RewardFunction
    """What scores responses."""
    weight: RewardWeight = 1.0
    """0: logged, but neither paid nor able to make a response invalid."""

    def __post_init__(self) -> None:
        check_ranges(self)


def default_rewards() -> dict[str, "WeightedReward"]:
    """Return accuracy alone, which is paid where a config names no rewards."""
    return {"accuracy": WeightedReward(AccuracyReward())}


@dataclass(frozen=True)
class ScoredResponses:
    """What is known about N responses once they are scored.

    Example: `ScoredResponses([Grade(1.0, "42", "boxed/exact")], [1.0], [True], {"accuracy": [1.0]}, [1.0])`
    """

    grades: list[Grade]
    accuracy: list[float]
    """The grader's scores, whatever the rewards are."""
    valid: list[bool]
    """False: the grader or a weighted reward had an error, which is never the same as a reward of 0."""
    reward_terms: dict[str, list[float]]
    """Before weighting."""
    rewards: list[float]
    """The weighted sum of the terms."""


def _check(name: str, result: RewardScores, count: int) -> RewardScores:
    """Return the result with scores that are no finite numbers turned into errors."""
    if len(result.scores) != count or len(result.errors) != count:
        raise ValueError(
            f"reward '{name}' returned {len(result.scores)} scores, {len(result.errors)} errors for {count} responses"
        )
    finite = [math.isfinite(score) for score in result.scores]
    return RewardScores(
        [float(score) if ok else 0.0 for ok, score in zip(finite, result.scores, strict=True)],
        [error if ok else error or "not_finite" for ok, error in zip(finite, result.errors, strict=True)],
    )


def score_responses(
    responses: Sequence[Response], grader: Grader, rewards: Mapping[str, WeightedReward]
) -> ScoredResponses:
    r"""Grade each response once and add up its rewards.

    Example: with accuracy weighing 0.9 and format 0.1, a right answer in a box but without thoughts gets
    `accuracy == [1.0]`, `reward_terms == {"accuracy": [1.0], "format": [0.0]}` and `rewards == [0.9]`.
    """
    texts, samples = [response.text for response in responses], [response.sample for response in responses]
    grades = grade_responses(grader, texts, samples, [response.truncated for response in responses])
    valid = [grade.error is None for grade in grades]
    totals = [0.0] * len(grades)
    terms: dict[str, list[float]] = {}
    for name, term in rewards.items():
        result = _check(name, _call(term.function, responses, grades), len(grades))
        terms[name] = result.scores
        totals = [total + term.weight * score for total, score in zip(totals, result.scores, strict=True)]
        if term.weight != 0:
            valid = [ok and error is None for ok, error in zip(valid, result.errors, strict=True)]
    return ScoredResponses(grades, [grade.score for grade in grades], valid, terms, totals)


def _call(function: RewardFunction, responses: Sequence[Response], grades: Sequence[Grade]) -> RewardScores:
    """Call a reward function by its signature, that of the last release included."""
    if not has_old_parameter(type(function).__call__, "samples"):
        return function(responses, grades)
    texts, samples = [response.text for response in responses], [response.sample for response in responses]
    return cast(Any, function)(texts, samples, grades)
