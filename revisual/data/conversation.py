"""A sample as a conversation, the same in training, in curation and in evaluation."""

from typing import Any

from revisual.data.choices import with_letters
from revisual.data.picture_marks import place_between, split_at_numbers
from revisual.data.sample import Sample
from revisual.data.turns import asked_turns


def question_text(sample: Sample) -> str:
    r"""Return the question, and its choices by letter, which they may carry already.

    Example: `question_text(Sample("1", "Which?", choices=["12", "15"])) == "Which?\nChoices:\nA. 12\nB. 15"`
    """
    choices = ["Choices:", *with_letters(sample.choices)] if sample.choices else []
    return "\n".join([sample.question, *choices])


def conversation(sample: Sample, system_prompt: str | None, text: str | None = None) -> list[dict[str, Any]]:
    """Return the turns to answer: the system prompt, pictures (or where `<image 1>` says), the question, its choices.

    Args:
        sample: what is asked; its own turns, where it has any, up to the assistant's at their end.
        system_prompt: the first turn, unless the sample's own turns have one; None: there is none.
        text: of the question, in place of `question_text`.
    """
    if sample.messages is not None:
        turns = asked_turns(sample.messages)
    else:
        turns = [{"role": "user", "content": _asked_parts(sample, text)}]
    if system_prompt is not None and not (turns and turns[0]["role"] == "system"):
        turns.insert(0, {"role": "system", "content": system_prompt})
    return turns


def _asked_parts(sample: Sample, text: str | None) -> list[dict[str, str]]:
    """Return a question's parts: pictures where `<image 1>`, `<image 2>`, ... stand in order, else before the text."""
    placed = split_at_numbers(question_text(sample), len(sample.images)) if text is None else None
    if placed is None:
        asked = question_text(sample) if text is None else text
        return [*({"type": "image"} for _ in sample.images), {"type": "text", "text": asked}]
    return place_between(placed)
