"""What a worker of the pool is asked about answers.

Requests are `(kind, texts, question, choices, truncated, conventions that are not the default ones)`, as JSON.
"""

from dataclasses import astuple
from typing import Any

from revisual.grading.explain import explain
from revisual.grading.response import Question, equal, extract, judge
from revisual.grading.rules.conventions import Conventions

_WARM_UP = (
    ("0.5", r"\frac{1}{2}"), ("(x-1)(x+1)", "x^2-1"), ("[0,1)", "0<=x<1"), (r"\sqrt{2}, 2", r"\{2, \sqrt{2}\}"),
    # by algebra
    ("xy=6", r"\frac{6}{x}"), ("x^2=2y", r"\pm\sqrt{2y}"), (r"(0,2)\cup(2,5)", r"(0,5)\setminus\{2\}"),
    (r"\frac{n(n+1)}{2}", r"\sum_{k=1}^{n} k"), (r"\frac{\pi}{5}+n\pi", r"\frac{6\pi}{5}+k\pi"),
    ("|x|", r"\begin{cases}x & x\ge 0\\ -x & x<0\end{cases}"),
)  # fmt: skip


def answer(request: list[Any]) -> Any:
    r"""Answer a request, by its kind.

    "grade" takes a response and its gold answer, and gets the fields of a `Grade`; "extract" takes a response, and gets
    the answer in it; "equal" takes two answers, and gets a bool; "explain" takes what "grade" does, and gets the steps.

    Example: `answer(["equal", ["0.5", r"\frac{1}{2}"], "", [], None, []]) is True`
    """
    kind, texts, text, choices, truncated, changed = request
    conventions = Conventions(**dict(changed))
    question = Question(text, tuple(choices), truncated)
    if kind == "grade":
        return astuple(judge(texts[0], texts[1], question, conventions=conventions))
    if kind == "explain":
        return explain(texts[0], texts[1], question, conventions)
    return extract(texts[0], question) if kind == "extract" else equal(texts[0], texts[1], question, conventions)


def warm_up() -> None:
    """Load what the rules load late, so that no response pays for it."""
    for gold, given in _WARM_UP:
        judge(rf"\boxed{{{given}}}", gold)
