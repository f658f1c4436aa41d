"""The one grader: rewards, the grading of difficulty, votes and evaluation all ask it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from revisual.data.sample import Sample
from revisual.rewards.choices import gold_choice, named_choice, option_text
from revisual.rewards.cost import is_costly
from revisual.rewards.extraction import extract_answer, gold_answer
from revisual.rewards.normalization import is_words, normalized, to_latex, unwrap_text
from revisual.rewards.plain_numbers import is_percentage, plain_number
from revisual.rewards.symbolic import symbolically_equal
from revisual.rewards.units import units_differ, without_unit


@dataclass(frozen=True)
class Grade:
    """How a response was graded.

    Example: `Grade(score=1.0, extracted="42", rule="boxed/number", error=None)`
    """

    score: float
    """1 for a right answer, 0 for a wrong one; 0 and without meaning where `error` is set."""
    extracted: str
    """The answer that was judged; empty if the response has none."""
    rule: str
    """The rule that found the answer, a slash, and the rule that judged it; "none" without an answer."""
    error: str | None = None
    """Why no verdict was reached, which is never the same as a score of 0."""


class Grader(ABC):
    """Judges responses by a gold answer. Never raises, whatever the response holds."""

    @abstractmethod
    def __call__(self, response: str, answer: str, sample: Sample | None = None) -> Grade:
        """The grade of a whole response, thoughts included, given the gold answer."""

    @abstractmethod
    def extract(self, response: str, sample: Sample | None = None) -> str:
        """The answer that a response commits to; empty if there is none."""

    @abstractmethod
    def equal(self, a: str, b: str, sample: Sample | None = None) -> bool:
        """Whether two extracted answers are the same answer, for votes; False where that cannot be decided."""


@dataclass(frozen=True)
class _Verdict:
    equal: bool
    rule: str
    error: str | None = None


_NameGold = Callable[[str, Sequence[str]], int | None]


def _gold_option(gold: str, sample: Sample | None, name_gold: _NameGold) -> int | None:
    return None if sample is None or not sample.choices else name_gold(gold, sample.choices)


def _compare_text(gold: str, answer: str, sample: Sample | None, name_gold: _NameGold) -> _Verdict:
    """By option where both sides name one, else as text."""
    right = _gold_option(gold, sample, name_gold)
    if right is not None and sample is not None and sample.choices:
        gold = option_text(right, sample.choices)
        named = named_choice(answer, sample.choices)
        if named is not None:
            same_text = normalized(gold) == normalized(option_text(named, sample.choices)) != ""
            return _Verdict(right == named or same_text, "choice")
    key = normalized(gold)
    return _Verdict(key != "" and key == normalized(answer), "exact")


def _unwrapped(latex: str) -> str:
    return " ".join(unwrap_text(latex).split())


def _asks_for_percent(sample: Sample | None) -> bool:
    return sample is not None and ("%" in sample.question or "percent" in sample.question.lower())


def _compare_numbers(gold: str, answer: str, sample: Sample | None) -> _Verdict | None:
    """Exactly, where both sides are plain numbers, with one unit at most, else None. Takes LaTeX."""
    gold, answer = _unwrapped(gold), _unwrapped(answer)
    if units_differ(gold, answer):
        return _Verdict(False, "unit")
    gold, answer = without_unit(gold), without_unit(answer)
    right, value = plain_number(gold), plain_number(answer)
    if right is None or value is None:
        return None
    if is_percentage(gold) != is_percentage(answer) and _asks_for_percent(sample):
        # "What percent ...?" is answered by "25" and by "25%", whichever of them is the gold.
        unscaled = value * 100 if is_percentage(answer) else value / 100
        return _Verdict(right in (value, unscaled), "number")
    return _Verdict(right == value, "number")


def _grade(response: str, verdict: _Verdict | None) -> Grade:
    extracted, found_by = extract_answer(response)
    if verdict is None:
        return Grade(0.0, extracted, found_by)
    score = 1.0 if verdict.equal and verdict.error is None else 0.0
    return Grade(score, extracted, f"{found_by}/{verdict.rule}", verdict.error)


@dataclass(frozen=True)
class ExactMatchGrader(Grader):
    r"""The same text after normalisation, or the same option of a multiple choice. Fast, and safe in any thread.

    Example: `ExactMatchGrader()(r"It is \boxed{\text{East}}.", "east") == Grade(1.0, r"\text{East}", "boxed/exact")`
    """

    def __call__(self, response: str, answer: str, sample: Sample | None = None) -> Grade:
        """The grade of a whole response, thoughts included, given the gold answer."""
        extracted = self.extract(response, sample)
        if not extracted:
            return _grade(response, None)
        return _grade(response, _compare_text(gold_answer(answer), extracted, sample, gold_choice))

    def extract(self, response: str, sample: Sample | None = None) -> str:
        """The answer that a response commits to; empty if there is none."""
        return extract_answer(response)[0]

    def equal(self, a: str, b: str, sample: Sample | None = None) -> bool:
        """Whether two extracted answers are the same text or option."""
        return _compare_text(a, b, sample, named_choice).equal


@dataclass(frozen=True)
class MathVerifyGrader(Grader):
    r"""Text, then exact numbers, then formulas by math-verify, which only sees what is short and cheap to evaluate.

    Errors of a grade: "too_long", "too_costly", "timeout", "unparsable_gold", "unavailable" (a formula outside the
    main thread, where math-verify cannot limit its time).

    Example: `MathVerifyGrader()(r"\boxed{\frac{1}{2}}", "0.5") == Grade(1.0, r"\frac{1}{2}", "boxed/number")`
    """

    max_length: int = 400
    """Characters of an answer that is still compared as a formula."""
    timeout_seconds: int = 3
    """For each of: parsing the gold answer, parsing the answer, comparing them."""

    def __call__(self, response: str, answer: str, sample: Sample | None = None) -> Grade:
        """The grade of a whole response, thoughts included, given the gold answer."""
        extracted = self.extract(response, sample)
        if not extracted:
            return _grade(response, None)
        return _grade(response, self._compare(gold_answer(answer), extracted, sample, gold_choice))

    def extract(self, response: str, sample: Sample | None = None) -> str:
        """The answer that a response commits to; empty if there is none."""
        return extract_answer(response)[0]

    def equal(self, a: str, b: str, sample: Sample | None = None) -> bool:
        """Whether two extracted answers have the same value."""
        verdict = self._compare(a, b, sample, named_choice)
        return verdict.equal and verdict.error is None

    def _compare(self, gold: str, answer: str, sample: Sample | None, name_gold: _NameGold) -> _Verdict:
        if not normalized(gold):
            return _Verdict(False, "exact", "unparsable_gold")
        verdict = _compare_text(gold, answer, sample, name_gold)
        if verdict.equal or verdict.rule == "choice":
            return verdict
        right = _gold_option(gold, sample, name_gold)
        if right is not None and sample is not None and sample.choices:
            gold = option_text(right, sample.choices)
        if max(len(gold), len(answer)) > self.max_length:
            return _Verdict(False, "too_long", "too_long")
        gold, answer = to_latex(gold).removesuffix("."), to_latex(answer).removesuffix(".")
        return _compare_numbers(gold, answer, sample) or self._compare_formulas(gold, answer)

    def _compare_formulas(self, gold: str, answer: str) -> _Verdict:
        if not answer or is_words(unwrap_text(gold)):
            return _Verdict(False, "exact")
        if is_costly(gold) or is_costly(answer):
            return _Verdict(False, "too_costly", "too_costly")
        equal, error = symbolically_equal(gold, answer, self.timeout_seconds)
        return _Verdict(equal, "symbolic", error)
