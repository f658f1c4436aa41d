import pytest

from revisual.data_recipes.bridging.rewriting import RuleRewriter


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("According to the description, AB = 3.", "According to the image, AB = 3."),
        ("From the image description, the bar is red.", "From the image, the bar is red."),
        ("The description of the image says that x = 2.", "The image shows that x = 2."),
        ("The provided description clearly states 5.", "The image clearly shows 5."),
        ("the description tells us that r = 2", "the image shows that r = 2"),
        ("The description doesn't specify the unit.", "The image doesn't show the unit."),
        ("As described in the detailed image description, it is blue.", "As shown in the image, it is blue."),
        ("So, as described, the angle is 30.", "So, as shown in the image, the angle is 30."),
        ("the points mentioned in the description", "the points shown in the image"),
        ("The caption mentions a cat.", "The image shows a cat."),
        ("Let me re-read the description. It's round.", "Let me re-read the image. It's round."),
        # talk of something else stays
        ("the description of the function f", "the description of the function f"),
        ("The circle described by x^2 + y^2 = 1.", "The circle described by x^2 + y^2 = 1."),
        ("The image shows a triangle.", "The image shows a triangle."),
        ("Describe the set of all points.", "Describe the set of all points."),
    ],
)
def test_rules(before, after):
    assert RuleRewriter()(before) == after
    assert RuleRewriter()(after) == after


def test_a_noun_and_rules_of_ones_own():
    assert RuleRewriter(noun="figure")("The description says so.") == "The figure shows so."
    assert RuleRewriter(rules=((r"\d+", "n"),))("3 of 4") == "n of n"
