"""Repetition, by hand."""

import pytest

from revisual.rewards.repetition import repetition_score

ONE_OF_EACH = "So maybe it is 1 or 2. But wait, but no."


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
