import math
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from revisual.data.sample import Sample
from revisual.grading.grader import AnswerGrader, Grade, Grader
from revisual.rewards.functions import (
    AccuracyReward,
    FormatReward,
    HardFormatResultReward,
    Response,
    RewardFunction,
    RewardScores,
    WeightedReward,
    score_responses,
)

SAMPLE = Sample(id="q", answer="42")
RIGHT = Grade(1.0, "42", "boxed/exact")
WRONG = Grade(0.0, "41", "boxed/number")
FAILED = Grade(0.0, "x", "boxed/symbolic", "timeout")


def known(responses, truncated=None):
    return [Response(text, SAMPLE, truncated=truncated) for text in responses]


def test_accuracy_passes_errors_on():
    result = AccuracyReward()([Response("", SAMPLE)] * 3, [RIGHT, WRONG, FAILED])
    assert result == RewardScores([1.0, 0.0, 0.0], [None, None, "timeout"])


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (r"<think>6*7</think>It is \boxed{42}.", 1.0),
        (" <think>6*7</think>\n\\boxed{\\frac{1}{2}}\n", 1.0),
        (r"<think>6*7</think>\boxed{1} and \boxed{2}", 1.0),
        (r"<think> </think>\boxed{42}", 0.0),
        (r"<think>6*7</think>42", 0.0),
        (r"<think>\boxed{42}</think>42", 0.0),
        (r"<think>6*7</think>\boxed{42", 0.0),
        (r"<think>6*7</think>\boxed{42} \boxed{", 0.0),
        (r"<think>6*7</think>\boxed{}", 0.0),
        (r"<think>6*7\boxed{42}", 0.0),
        (r"6*7</think>\boxed{42}", 0.0),
        (r"So <think>6*7</think>\boxed{42}", 0.0),
        (r"<think>6<think>7</think>\boxed{42}", 0.0),
        (r"<think>6</think>7</think>\boxed{42}", 0.0),
        (r"\boxed{42}", 0.0),
        ("", 0.0),
    ],
)
def test_format(response, expected):
    assert FormatReward()([Response(response, SAMPLE)], [WRONG]) == RewardScores([expected], [None])


@pytest.mark.parametrize(
    ("response", "formed"),
    [
        ("<think>6*7</think><answer>42</answer>", True),
        ("<think>6*7</think>\n<answer> 42 </answer>\n", True),
        ("<think>6*7</think><answer></answer>", False),
        ("<think>6*7</think>So: <answer>42</answer>", False),
        ("<think>6*7</think><answer>42</answer>!", False),
        ("<think>6*7</think><answer>41</answer><answer>42</answer>", False),
        ("<think>6*7</think>42", False),
        ("<answer>42</answer>", False),
    ],
)
def test_hard_format_result(response, formed):
    result = HardFormatResultReward()([Response(response, SAMPLE)] * 3, [RIGHT, WRONG, FAILED])
    assert result == RewardScores([float(formed), 0.0, 0.0], [None, None, "timeout" if formed else None])


@dataclass(frozen=True)
class Fixed(RewardFunction):
    result: RewardScores

    def __call__(self, responses: Sequence[Response], grades: Sequence[Grade]) -> RewardScores:
        return self.result


@dataclass(frozen=True)
class Counting(Grader):
    calls: list

    def __call__(
        self, response: str, answer: str, sample: Sample | None = None, truncated: bool | None = None
    ) -> Grade:
        self.calls.append(response)
        return AnswerGrader()(response, answer, sample, truncated)

    def extract(self, response: str, sample: Sample | None = None) -> str:
        raise NotImplementedError

    def equal(self, a: str, b: str, sample: Sample | None = None) -> bool:
        raise NotImplementedError


def test_weighted_sum():
    responses = [r"<think>6*7</think>\boxed{42}", r"\boxed{42}", r"<think>6*7</think>\boxed{41}", "?"]
    rewards = {"accuracy": WeightedReward(AccuracyReward(), 0.9), "format": WeightedReward(FormatReward(), 0.1)}
    grader = Counting([])
    scored = score_responses(known(responses), grader, rewards)
    assert grader.calls == responses
    assert scored.accuracy == [1.0, 1.0, 0.0, 0.0]
    assert scored.valid == [True] * 4
    assert scored.reward_terms == {"accuracy": [1.0, 1.0, 0.0, 0.0], "format": [1.0, 0.0, 1.0, 0.0]}
    assert scored.rewards == pytest.approx([1.0, 0.9, 0.1, 0.0])


def test_an_error_of_the_grader_makes_a_row_invalid():
    rewards = {"format": WeightedReward(FormatReward())}
    scored = score_responses(known(["1" * 99, r"\boxed{42}"]), AnswerGrader(max_response_bytes=98), rewards)
    assert scored.valid == [False, True]
    assert scored.grades[0].error == "too_long"


def test_an_error_of_a_term_counts_only_with_a_weight():
    term = Fixed(RewardScores([math.nan, 0.5, 0.5], [None, "broken", None]))
    responses = [r"\boxed{42}"] * 3
    weighted = score_responses(known(responses), AnswerGrader(), {"it": WeightedReward(term, 2.0)})
    assert weighted.valid == [False, False, True]
    assert weighted.rewards == [0.0, 1.0, 1.0]
    logged = score_responses(known(responses), AnswerGrader(), {"it": WeightedReward(term, 0.0)})
    assert logged.valid == [True] * 3
    assert logged.rewards == [0.0] * 3


def test_a_reward_of_the_wrong_length_is_named():
    rewards = {"mine": WeightedReward(Fixed(RewardScores([1.0], [None])))}
    with pytest.raises(ValueError, match="mine"):
        score_responses(known(["1", "2"]), AnswerGrader(), rewards)


def test_nothing_to_score():
    scored = score_responses([], AnswerGrader(), {"accuracy": WeightedReward(AccuracyReward())})
    assert (scored.accuracy, scored.valid, scored.rewards, scored.reward_terms) == ([], [], [], {"accuracy": []})


@dataclass(frozen=True)
class OfTheLastRelease(RewardFunction):
    def __call__(self, responses, samples, grades):
        return RewardScores(
            [float(r == s.answer) for r, s in zip(responses, samples, strict=True)], [None] * len(grades)
        )


@dataclass(frozen=True)
class Finished(RewardFunction):
    def __call__(self, responses: Sequence[Response], grades: Sequence[Grade]) -> RewardScores:
        scores = [float(len(response.tokens) * (not response.truncated)) for response in responses]
        return RewardScores(scores, [None] * len(scores))


def test_a_reward_of_the_last_release_goes_on_with_one_line_of_warning():
    rewards = {"old": WeightedReward(OfTheLastRelease())}
    with pytest.warns(FutureWarning, match="OfTheLastRelease.__call__ takes `samples`") as caught:
        for _ in range(2):
            assert score_responses(known(["42", "41"]), AnswerGrader(), rewards).rewards == [1.0, 0.0]
    assert len(caught) == 1


def test_a_reward_is_told_tokens_and_whether_a_response_was_cut():
    responses = [Response("a", SAMPLE, (1, 2, 3), False), Response("a", SAMPLE, (1, 2), True)]
    assert score_responses(responses, AnswerGrader(), {"it": WeightedReward(Finished())}).rewards == [3.0, 0.0]


def test_a_cut_response_earns_nothing():
    responses = [*known(["The answer is 42"], truncated=True), *known(["The answer is 42"], truncated=False)]
    scored = score_responses(responses, AnswerGrader(), {"accuracy": WeightedReward(AccuracyReward())})
    assert scored.rewards == [0.0, 1.0] and scored.grades[0].rule == "sentence/unfinished"
