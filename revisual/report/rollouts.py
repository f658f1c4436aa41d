"""Sampled responses as one reads them: the question with its pictures, the thoughts dimmed, the answer, the score."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from PIL.Image import Image

from revisual.report.formats import NUMBER, label
from revisual.report.formulas import typeset, typeset_answer
from revisual.report.html import Element, element, fold
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
    """Return the parts of a response, each with whether it is a thought.

    Thoughts keep their tags, and blank parts are left out.

    Example: `split_thoughts("<think>6 * 7</think>42") == [(True, "<think>6 * 7</think>"), (False, "42")]`
    """
    parts, end = [], 0
    for match in THOUGHTS.finditer(response):
        parts += [(False, response[end : match.start()]), (True, match.group())]
        end = match.end()
    parts.append((False, response[end:]))
    return [(is_thought, text.strip()) for is_thought, text in parts if text.strip()]


def show_response(response: str) -> Element:
    """Show a response, word for word, its formulas typeset."""
    parts = [_show_thoughts(text) if is_thought else _show_rest(text) for is_thought, text in split_thoughts(response)]
    empty = element("div", "(empty)", class_="thoughts")
    return element("div", *(parts or [empty]), class_="response")


def _show_rest(text: str) -> Element:
    return element("div", *typeset(text), class_="text said")


def _show_thoughts(text: str) -> Element:
    words = f"Thoughts, {len(text.split()):,} words"
    content = element("div", *typeset(text), class_="text")
    return fold(words, content, class_="thoughts", is_open=len(text) < FOLDED_FROM)


def show_answer(
    head: Sequence[Element | str],
    question: str,
    response: str,
    footer: Sequence[Element | str],
    pictures: Sequence[Image | bytes] = (),
) -> Element:
    """Show a response below its question.

    Args:
        head: what stands above both.
        question: in words; formulas in it and in the response are typeset.
        response: word for word.
        footer: what the response is judged by.
        pictures: of the question.
    """
    shown = [picture(one, alt=f"Picture {place} of: {question[:80]}") for place, one in enumerate(pictures, start=1)]
    words = element(
        "div",
        element("div", *head, class_="head"),
        element("div", *typeset(question), class_="text question"),
        show_response(response),
        element("footer", *footer),
    )
    beside = element("div", *shown, class_="pictures") if shown else None
    return element("article", beside, words, class_="rollout pictured" if shown else "rollout")


def show_rollout(example: RolloutExample) -> Element:
    """Show one response with all that it is judged by."""
    return show_answer(
        [element("b", label(example.stage)), _show_score(example.score)],
        example.question,
        example.response,
        ["Gold answer: ", element("b", *typeset_answer(example.answer))],
        example.pictures,
    )


def _show_score(score: float | int | None) -> Element:
    if score is None:
        return element("span", "not scored", class_="score")
    kind = "gain" if score >= 1 else "loss" if score <= 0 else ""
    return element("span", f"score {NUMBER.write(score)}", class_=f"score {kind}".strip())


def show_rollouts(examples: Sequence[RolloutExample]) -> list[Element]:
    """Show responses, one below the other."""
    return [show_rollout(example) for example in examples]
