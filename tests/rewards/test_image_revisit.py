"""Looking back at the picture, by hand."""

import pytest

from revisual.rewards.image_revisit import image_revisit_score


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
