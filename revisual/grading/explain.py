"""Says step by step why an answer was or was not accepted."""

from collections.abc import Iterator
from dataclasses import fields, replace

from revisual.grading.grade import describe_verdict
from revisual.grading.response import MAX_RESPONSE, Question, judge
from revisual.grading.rules.boxes import after_thoughts
from revisual.grading.rules.choices import read_gold_letters, read_options
from revisual.grading.rules.conventions import DEFAULT, Context, Conventions
from revisual.grading.rules.deciding import decide
from revisual.grading.rules.equality import find_tolerance
from revisual.grading.rules.finding import Found, find
from revisual.grading.rules.golds import list_readings
from revisual.grading.rules.reading import read
from revisual.grading.rules.selecting import select
from revisual.grading.rules.values import Formula, Value
from revisual.grading.rules.writing import write_value

NO_QUESTION = Question()
MAX_SHOWN = 120
"""Characters of an answer that are shown."""
_FOUND = {
    "boxed": "in the last box", "tag": "in the last answer tag", "bare": "the whole response is the answer",
    "sentence": "in the last sentence that commits to something", "none": "there is none",
}  # fmt: skip
_DECIDED = {
    "text": "the texts are the same once they are spelled alike", "time": "both are the same moment",
    "words": "words are compared without case, articles and punctuation",
    "choice": "the letters of options are compared",
    "number": "values are compared", "list": "items are compared one by one",
    "set": "items are compared in any order", "relation": "equations and inequalities are compared",
    "matrix": "entries are compared", "piecewise": "cases are compared", "hedge": "alternatives were left open",
    "algebra": "the rules refused, and computer algebra decided",
}  # fmt: skip


def explain(
    response: str, answer: str, question: Question = NO_QUESTION, conventions: Conventions = DEFAULT
) -> list[str]:
    r"""Return the steps by which a response was judged, in plain sentences, the verdict last.

    Example: `explain(r"\boxed{0.5}", r"\frac{1}{2}")[-1] == "score 1 by boxed/number"`
    """
    grade = judge(response, answer, question, conventions=conventions)
    verdict = describe_verdict(grade)
    if len(response) > MAX_RESPONSE or grade.error in ("unparsable_gold", "failed"):
        return [verdict]
    steps = [*_explain_place(response), *_explain_choice(response, answer, question)]
    found = find(response)
    if found.text and not grade.rule.endswith("/choice"):
        context = Context.of(question.text, conventions)
        for gold in dict.fromkeys(list_readings(answer)):
            steps += _explain_comparison(gold, found, context)
    return [*steps, *_explain_switches(response, answer, question, conventions, grade.score), verdict]


def _explain_place(response: str) -> Iterator[str]:
    """Explain where the answer stands."""
    text = after_thoughts(response)
    if text is None:
        yield "the thoughts are never closed, so there is no answer yet"
        return
    if len(text) < len(response):
        yield f"the thoughts and what ends the turn are left out: {len(text)} of {len(response)} characters are read"
    found = find(response)
    where = _FOUND.get(found.rule, found.rule)
    yield f"the answer is looked for: {where}" + (f", {_show(found.text)}" if found.text else "")


def _explain_choice(response: str, answer: str, question: Question) -> Iterator[str]:
    """Explain which option the gold answer and the response name."""
    texts = read_options(question.text, question.choices)
    right = read_gold_letters(answer, texts, texts != question.choices)
    if texts:
        yield f"the question has {len(texts)} options"
    if not right:
        return
    chosen = select(after_thoughts(response), texts)
    yield f"the gold answer names option {', '.join(sorted(right))}"
    yield "the response names no option" if chosen is None else f"the response names option {chosen.text}"


def _explain_comparison(gold: str, found: Found, context: Context) -> Iterator[str]:
    """Explain how one reading of the gold answer compares with the answer."""
    right, given = read(gold), read(found.text)
    yield f"the gold answer {_show(gold)} is read as {write_value(right)}"
    yield f"the answer {_show(found.text)} is read as {write_value(given)}"
    yield from _explain_tolerance(right, given, context)
    verdict = decide(gold, found, context)
    yield f"{_DECIDED.get(verdict.rule, verdict.rule)}: {'equal' if verdict.equal else 'not equal'}"


def _explain_tolerance(right: Value, given: Value, context: Context) -> Iterator[str]:
    if not isinstance(right, Formula) or not isinstance(given, Formula):
        return
    leeway = find_tolerance(right.tree, given.tree, context.conventions)
    if leeway.below or leeway.above:
        below, above = (f"{float(share):.2g}" for share in (leeway.below, leeway.above))
        yield f"a decimal leaves a tolerance: {below} below and {above} above, relative to the gold answer"


def _explain_switches(
    response: str, answer: str, question: Question, conventions: Conventions, score: float
) -> Iterator[str]:
    """Explain which conventions the verdict depends on."""
    for field in fields(conventions):
        is_on = getattr(conventions, field.name)
        other = judge(response, answer, question, conventions=replace(conventions, **{field.name: not is_on}))
        if other.score != score:
            yield f"the verdict depends on {field.name}={str(is_on).lower()}"


def _show(text: str) -> str:
    return repr(text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "...")
