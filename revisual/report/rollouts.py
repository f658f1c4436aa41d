"""Sampled responses as one reads them: the question with its pictures, the thoughts dimmed, the answer, the score."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from PIL.Image import Image

from revisual.report.formats import NUMBER, label
from revisual.report.html import Element, element
from revisual.report.picture import picture

THOUGHTS = re.compile(r"(?:<think>|\A(?=(?:(?!<think>).)*?</think>)).*?(?:</think>|\Z)", re.DOTALL)
"""A `<think>` to its end tag or the end; also from the start, where a chat template wrote the opening tag itself."""
FOLDED_FROM = 1500
"""Thoughts of more characters are folded."""


@dataclass(frozen=True)
class RolloutExample:
    """A response to show.

    Example: `RolloutExample("What is 6 * 7?", "<think>6 * 7 = 42</think>42", answer="42", score=1.0, stage="text_rl")`
    """

    question: str
    response: str
    answer: str
    """The gold answer."""
    score: float | int | None
    stage: str
    pictures: Sequence[Image | bytes] = ()


def split_thoughts(response: str) -> list[tuple[bool, str]]:
    """The parts of a response, each with whether it is a thought; thoughts keep their tags, blank parts are left out.

    Example: `split_thoughts("<think>6 * 7</think>42") == [(True, "<think>6 * 7</think>"), (False, "42")]`
    """
    parts, end = [], 0
    for match in THOUGHTS.finditer(response):
        parts += [(False, response[end : match.start()]), (True, match.group())]
        end = match.end()
    parts.append((False, response[end:]))
    return [(is_thought, text.strip()) for is_thought, text in parts if text.strip()]


def show_response(response: str) -> Element:
    """A response, word for word."""
    parts = [_show_thoughts(text) if is_thought else _show_said(text) for is_thought, text in split_thoughts(response)]
    empty = element("div", "(empty)", class_="thoughts")
    return element("div", *(parts or [empty]), class_="response")


def _show_said(text: str) -> Element:
    return element("div", text, class_="text said")


def _show_thoughts(text: str) -> Element:
    summary = element("summary", f"Thoughts, {len(text.split()):,} words")
    return element(
        "details", summary, element("div", text, class_="text"), class_="thoughts", open=len(text) < FOLDED_FROM
    )


def show_rollout(example: RolloutExample) -> Element:
    """One response with all that it is judged by."""
    name = example.question[:80]
    pictures = [picture(one, alt=f"Picture {i + 1} of: {name}") for i, one in enumerate(example.pictures)]
    words = element(
        "div",
        element("div", element("b", label(example.stage)), _show_score(example.score), class_="head"),
        element("div", example.question, class_="text question"),
        show_response(example.response),
        element("footer", "Gold answer: ", element("b", example.answer)),
    )
    shown = element("div", *pictures, class_="pictures") if pictures else None
    return element("article", shown, words, class_="rollout pictured" if pictures else "rollout")


def _show_score(score: float | int | None) -> Element:
    if score is None:
        return element("span", "not scored", class_="score")
    kind = "gain" if score >= 1 else "loss" if score <= 0 else ""
    return element("span", f"score {NUMBER.write(score)}", class_=f"score {kind}".strip())


def show_rollouts(examples: Sequence[RolloutExample]) -> list[Element]:
    """Responses, one below the other."""
    return [show_rollout(example) for example in examples]
