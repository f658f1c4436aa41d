"""Repetition, reflection and looking back at the picture, by hand."""

import random
import time

import pytest

from revisual.data.sample import Sample
from revisual.grading.grader import Grade
from revisual.rewards.functions import Response, RewardScores
from revisual.rewards.image_revisit import ImageRevisitScore, image_revisit_score
from revisual.rewards.reflection import ReflectionScore, reflection_score
from revisual.rewards.repetition import RepetitionReward, repetition_score


@pytest.mark.parametrize(
    ("reward", "score"),
    [
        (RepetitionReward(), repetition_score),
        (ReflectionScore(), reflection_score),
        (ImageRevisitScore(), image_revisit_score),
    ],
)
def test_rewards_score_every_response(reward, score):
    responses, sample, grade = ["Wait. Wait. The image.", ""], Sample(id="q"), Grade(0.0, "", "none")
    assert reward([Response(text, sample) for text in responses], [grade] * 2) == RewardScores(
        [score(r) for r in responses], [None, None]
    )


LOOPS = "maybe wait but so the image shows it, wait. Maybe but\n"


def made_of(words, count):
    return " ".join(random.Random(0).choices(words, k=count))


@pytest.mark.parametrize("score", [repetition_score, reflection_score, image_revisit_score])
@pytest.mark.parametrize(
    "text",
    [
        LOOPS * 800,
        made_of(["maybe", "wait", "but", "wait,", "so", "image", "the", "mistake"], 8000),
        "wait " * 8000,
        "wait" * 8000,
        "the image " * 4000,
        ". " * 8000,
        "." * 40_000,
        " " * 40_000,
    ],
    ids=range(8),
)
def test_time_is_linear(score, text):
    took = min(seconds(score, text) for _ in range(3))
    assert took < 0.5  # below 0.05 s on a free core
    assert min(seconds(score, text * 8) for _ in range(2)) < 24 * max(took, 0.002)  # quadratic: 64


def seconds(score, text):
    began = time.process_time()
    score(text)
    return time.process_time() - began
