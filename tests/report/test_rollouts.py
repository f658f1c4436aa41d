import random

import pytest
from PIL import Image

from revisual.report.rollouts import RolloutExample, show_response, show_rollout, split_thoughts

from .parsing import parse


@pytest.mark.parametrize(
    ("response", "parts"),
    [
        ("<think>6 * 7</think>42", [(True, "<think>6 * 7</think>"), (False, "42")]),
        ("42", [(False, "42")]),
        ("6 * 7</think>\n42", [(True, "6 * 7</think>"), (False, "42")]),
        ("<think>cut", [(True, "<think>cut")]),
        ("a<think>b</think>c<think>d", [(False, "a"), (True, "<think>b</think>"), (False, "c"), (True, "<think>d")]),
        ("a<think>b</think>c</think>", [(False, "a"), (True, "<think>b</think>"), (False, "c</think>")]),
        (" \n", []),
        ("", []),
    ],
)
def test_thoughts_are_told_from_the_rest(response, parts):
    assert split_thoughts(response) == parts


@pytest.mark.parametrize("seed", range(60))
def test_no_word_is_lost(seed):
    draw = random.Random(seed)
    response = "".join(draw.choices(["<think>", "</think>", "a", "<", "b\n", " "], k=draw.randrange(13)))
    assert "".join("".join(text for _, text in split_thoughts(response)).split()) == "".join(response.split())


def test_a_response_cannot_break_out():
    attack = "<think></div></details><script>alert(1)</script></think><img src=x onerror=alert(2)>"
    example = RolloutExample(attack, attack, attack, 1.0, attack, [Image.new("RGB", (2, 2))])
    tree = parse(show_rollout(example))
    assert not tree.all("script")
    assert [set(node.attributes) for node in tree.all("img")] == [{"src", "alt", "class"}]
    assert tree.all("div", class_="question")[0].words == attack
    assert tree.all("details")[0].all("div")[0].words + tree.all("div", class_="said")[0].words == attack


def test_long_thoughts_are_folded():
    assert "open" in parse(show_response("<think>short</think>")).all("details")[0].attributes
    assert "open" not in parse(show_response("<think>" + "long " * 400)).all("details")[0].attributes


@pytest.mark.parametrize(
    ("score", "text", "kind"),
    [
        (None, "not scored", "score"),
        (1.0, "score 1", "score gain"),
        (0, "score 0", "score loss"),
        (0.1, "score 0.1", "score"),
    ],
)
def test_scores(score, text, kind):
    (shown,) = parse(show_rollout(RolloutExample("q", "", "a", score, "s"))).all("span", class_="score")
    assert (shown.words, shown.attributes["class"]) == (text, kind)
