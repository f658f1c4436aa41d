"""What a worker of the pool is asked about answers.

Requests are `(kind, texts, question, choices, truncated)`, as JSON.
"""

from dataclasses import astuple
from typing import Any

from revisual.grading.response import Question, equal, extract, judge

_WARM_UP = (("0.5", r"\frac{1}{2}"), ("(x-1)(x+1)", "x^2-1"), ("[0,1)", "0<=x<1"), (r"\sqrt{2}, 2", r"\{2, \sqrt{2}\}"))


def answer(request: list[Any]) -> Any:
    r"""What is asked, by kind.

    "grade" takes a response and its gold answer, and gets the fields of a `Grade`; "extract" takes a response, and gets
    the answer in it; "equal" takes two answers, and gets a bool.

    Example: `answer(["equal", ["0.5", r"\frac{1}{2}"], "", [], None]) is True`
    """
    kind, texts, text, choices, truncated = request
    question = Question(text, tuple(choices), truncated)
    if kind == "grade":
        return astuple(judge(texts[0], texts[1], question))
    return extract(texts[0], question) if kind == "extract" else equal(texts[0], texts[1], question)


def warm_up() -> None:
    """Loads what the rules load late, so that no response pays for it."""
    for gold, given in _WARM_UP:
        judge(rf"\boxed{{{given}}}", gold)
