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
from revisual.rewards.sentences import sentences

ONE_OF_EACH = "So maybe it is 1 or 2. But wait, but no."


def test_sentences():
    assert sentences(" One.  Two!\nthree\n\n 3.5? Yes...no ") == ["one.", "two!", "three", "3.5?", "yes...no"]
    assert sentences("") == sentences(" \n ") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 1.0),
        ("All words in this sentence differ from each other.", 1.0),
        (ONE_OF_EACH, 1.0),
        ("It is 3. it  is 3.", 0.9),  # one sentence again
        ("No. No. No. No. No. No. No. No.", 1 - 0.5 - 0.05 * 3),  # 7 sentences again, 4 runs of five words
        ("a b c d e f a b c d e", 0.95),  # one run of five words again
        ("a b c d e f a b c d", 1.0),
        ("a b c d e f g h " * 3, 0.7),  # 20 runs, of which 12 again: no more than 0.3
        ("But wait, 1. But wait: 2.", 0.9),
        ("but wait 1, but wait 2, but wait 3, but wait 4", 0.8),
        ("Line\nLine", 0.9),
        ("x. " * 1000 + "but wait " * 9, 0.0),
    ],
)
def test_repetition(text, expected):
    assert repetition_score(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0.0),
        ("It is 4.", 0.0),
        ("This is WRONG.", 0.12),
        ("Let me reconsider.", 0.10),
        ("Wait", 0.06),
        ("Maybe", 0.03),
        ("A waiter rebutted the butcher.", 0.0),
        ("Wait, wait, wait.", 0.06 * 2),
        ("Wait, but maybe.", 0.06 + 0.06 + 0.03),
        ("That is a mistake. It should be 4.", 0.12 + 0.25),
        ("That is a mistake. So. So. It should be 4.", 0.12 + 0.25),
        ("That is a mistake. So. So. So. It should be 4.", 0.12),
        ("It should be 4. That is a mistake.", 0.12),
        ("That is a mistake: it should be 4.", 0.12),
        ("An error. A flaw. Wrong. Invalid. Instead, 4.", 4 * 0.12 + 3 * 0.25),
        ("wait " * 100, 1.0),
    ],
)
def test_reflection(text, expected):
    assert reflection_score(text) == pytest.approx(min(1.0, expected))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0.0),
        ("An image is worth a thousand words.", 0.0),
        ("The image shows a circle.", 0.2),
        ("As shown, it is red.", 0.2),
        ("The figure. This diagram. The picture.", 0.4),
        ("Wait, one more image.", 0.3),
        ("Taking another look.", 0.3),
        ("Wait, an image. But an image.", 0.3),
        ("I take another look. I see.", 0.6),
        ("I see. I take another look.", 0.3),
        ("I take another look. So what. I see.", 0.3),
        ("The figure has a circle. Wait, the figure has two. I see.", 1.0),
        ("Wait" + " so" * 20 + " image.", 0.0),
    ],
)
def test_image_revisit(text, expected):
    assert image_revisit_score(text) == pytest.approx(expected)


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
