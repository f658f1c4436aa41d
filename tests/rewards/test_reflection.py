"""Reflection, by hand."""

import pytest

from revisual.rewards.reflection import reflection_score


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
