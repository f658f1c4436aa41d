"""Whether a response answers a question as its gold answer does: the rules, without limits of time and memory."""

from dataclasses import dataclass, replace

from revisual.grading.grade import Grade
from revisual.grading.requirements import VALUE_ALONE, Requirements
from revisual.grading.rules.boxes import after_thoughts
from revisual.grading.rules.choices import read_gold_letters, read_options
from revisual.grading.rules.conventions import DEFAULT, Context, Conventions
from revisual.grading.rules.conversions import is_converted
from revisual.grading.rules.deciding import Verdict, decide, matches_words
from revisual.grading.rules.finding import Found, find, is_prose
from revisual.grading.rules.finished import has_whole_answer
from revisual.grading.rules.golds import list_readings
from revisual.grading.rules.selecting import Selected, select
from revisual.grading.rules.worked_out import Answered, is_worked_out

MAX_RESPONSE = 1_000_000
"""Characters of a response that is still read."""
MAX_GOLD = 100_000
MAX_WORDS = 80
"""Characters of a response that may as a whole be an answer in words, such as a date."""


@dataclass(frozen=True)
class Question:
    """What the rules may know besides the gold answer: plain data, which crosses a process boundary as JSON.

    Example: `Question(text="Which one is red?", choices=("the car", "the bus"))`
    """

    text: str = ""
    choices: tuple[str, ...] = ()
    truncated: bool | None = None
    """Whether the response was cut at its limit; None where that is unknown."""


def judge(
    response: str,
    answer: str,
    question: Question = Question(),
    *,
    requirements: Requirements = VALUE_ALONE,
    conventions: Conventions = DEFAULT,
) -> Grade:
    r"""Return the grade of a whole response, thoughts included, given the gold answer. Never raises.

    By default the value alone decides, and `Grade.unmet` says which requirements a right answer does not meet.

    Errors: "unparsable_gold" for an empty gold answer, "too_long" for a response of more than a megabyte, "too_costly"
    where the gold answer's value cannot be computed at a bounded cost.

    Example: `judge(r"<think>...</think> So \boxed{0.5}.", r"\frac{1}{2}") == Grade(1.0, "0.5", "boxed/number")`
    Example: `judge("I'd say it's 7 or 8.", "7").rule == "sentence/hedge"`
    Example: `judge(r"\boxed{2+2}", "4", requirements=Requirements(worked_out=True)).score == 0.0`
    """
    if len(response) > MAX_RESPONSE:
        return Grade(0.0, "", "none", "too_long")
    try:
        grade = _judge_value(response, answer, question, conventions)
        if grade.score == 1.0 and question.truncated and not has_whole_answer(response):
            grade = replace(grade, unmet=(*grade.unmet, "finished"))
        return requirements.apply(grade)
    except Exception:  # a defect of the rules must not end a training run; the error keeps it in sight
        return Grade(0.0, "", "none", "failed")


def _judge_value(response: str, answer: str, question: Question, conventions: Conventions) -> Grade:
    golds = list_readings(answer) if 0 < len(answer.strip()) <= MAX_GOLD else []
    if not any(gold.strip() for gold in golds):
        return Grade(0.0, "", "none", "unparsable_gold")
    texts = read_options(question.text, question.choices)
    labeled = texts != question.choices
    right = next((named for gold in golds if (named := read_gold_letters(gold, texts, labeled))), frozenset[str]())
    if right:
        chosen = select(after_thoughts(response), texts if conventions.options_by_value else ())
        if chosen is not None:
            same = chosen.letters == right or _same_text(chosen.letters, right, texts)
            same = same or find(response).text.strip() == answer.strip()  # an option whose text is a letter
            return Grade(float(same), chosen.text, f"{chosen.rule}/choice", unmet=_list_undeclared(same, chosen))
        if texts and len(right) == 1 and conventions.options_by_value:
            golds = [*golds, texts[ord(min(right)) - ord("A")]]
    found = find(response)
    if not found.text:
        return Grade(0.0, "", "none")
    golds = [gold for gold in golds if gold.strip()]
    context = Context.of(question.text, conventions)
    verdicts = [decide(gold, found, context) for gold in golds]
    whole = (after_thoughts(response) or "").strip()
    if found.rule == "sentence" and len(whole) <= MAX_WORDS and any(matches_words(gold, whole) for gold in golds):
        return Grade(1.0, whole, "bare/words")
    grade = _choose_grade(found, golds, verdicts, question, texts)
    if grade.score != 1.0 and found.rule in ("boxed", "tag") and is_prose(found.text):
        within = _judge_value(found.text, answer, question, conventions)  # a whole sentence: "The answer is (B)."
        return replace(within, rule=grade.rule) if within.score == 1.0 else grade
    return grade


def _choose_grade(
    found: Found, golds: list[str], verdicts: list[Verdict], question: Question, options: tuple[str, ...]
) -> Grade:
    """Return the grade by the first reading of the gold answer that the answer equals and meets the requirements of."""
    grades: list[Grade] = []
    for gold, verdict in zip(golds, verdicts, strict=True):
        rule = f"{found.rule}/{verdict.rule}"
        if not verdict.equal:
            grades.append(Grade(0.0, found.text, rule, verdict.error))
            continue
        unmet = _list_undeclared(True, found)
        if verdict.values is not None:
            answered = Answered(*verdict.values, found.text, gold, question.text, options)
            unmet += () if is_worked_out(answered) else ("worked_out",)
            unmet += () if is_converted(*verdict.values, question.text) else ("converted",)
        grades.append(Grade(1.0, found.text, rule, unmet=unmet))
    right = [grade for grade in grades if grade.score == 1.0]
    return min(right, key=lambda grade: len(grade.unmet)) if right else grades[0]


def _list_undeclared(is_right: bool, found: Found | Selected) -> tuple[str, ...]:
    return ("declared",) if is_right and not found.is_declared else ()


def _same_text(chosen: frozenset[str], right: frozenset[str], texts: tuple[str, ...]) -> bool:
    """Return whether two options that have different letters have the same text."""
    indices = [[ord(letter) - ord("A") for letter in sorted(letters)] for letters in (chosen, right)]
    if any(index >= len(texts) for index in indices[0] + indices[1]):
        return False
    return [texts[index] for index in indices[0]] == [texts[index] for index in indices[1]]


def extract(response: str, question: Question = Question()) -> str:
    """Return the answer that a response commits to; empty if there is none.

    Example: `extract("The answer is 42.") == "42"`
    """
    if len(response) > MAX_RESPONSE:
        return ""
    texts = read_options(question.text, question.choices)
    if texts:
        chosen = select(after_thoughts(response), texts)
        if chosen is not None:
            return chosen.text
    return find(response).text


def equal(a: str, b: str, question: Question = Question(), conventions: Conventions = DEFAULT) -> bool:
    r"""Return whether two extracted answers have the same value, for votes: symmetric, and without a gold's tolerance.

    Example: `equal("0.5", r"\frac{1}{2}")` and `not equal("0.33", r"\frac{1}{3}")`
    """
    if not a.strip() or not b.strip() or max(len(a), len(b)) > MAX_GOLD:
        return False
    texts = read_options(question.text, question.choices)
    if texts:
        chosen = [read_gold_letters(text, texts, texts != question.choices) for text in (a, b)]
        if chosen[0] and chosen[1]:
            return chosen[0] == chosen[1]
    context = Context.of(question.text, conventions)
    return all(decide(x, Found(y, "bare"), context).equal for x, y in ((a, b), (b, a)))
