"""Only answers that can be checked: the project's grader parses the gold and accepts it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from typing_extensions import override

from revisual.core.ranges import PositiveInt
from revisual.data.sample import Sample
from revisual.data_recipes.grammar.rules.base import Rule
from revisual.grading.grader import AnswerGrader, Grader

PLAIN = re.compile(r"-?(?:0|[1-9]\d{0,11})(?:\.\d{1,8})?")
"""Numbers that the grader is known to accept: most golds, and no worker need be asked."""
_SAYINGS = (
    r"proof|prove|proven|proved|q\.?\s?e\.?\s?d|see (?:the )?(?:solution|figure|explanation|above|below|attached)",
    r"(?:answers?|responses?|solutions?|results?|explanations?) (?:may|will|can|could|might) (?:vary|differ)",
    r"sample (?:answer|response)|explanation|left to the reader|open[- ]ended|depends on|various|drawn|graph shown",
    r"not (?:provided|given|available|specified|applicable|shown|stated|found|enough information)",
    r"no (?:answer|solution (?:given|provided)|final answer)|(?:insufficient|missing) (?:information|data)",
    r"n/?a|unknown|none given|tbd|todo|omitted|undetermined|cannot be (?:determined|answered|graded)",
    r"because|therefore|hence|thus|since|it follows",
)
UNVERIFIABLE = re.compile(rf"(?i)\b(?:{'|'.join(_SAYINGS)})\b")
"""What stands in the place of an answer, or explains one."""
_PART = r"(?:\(?(?:[a-h]|i{1,3}|iv|v|[1-9])\)|part\s+[a-h1-9]\b|[a-h1-9]\s*[.):](?=\s))"
PARTS = re.compile(rf"(?i)^\s*{_PART}\s*\S.*?(?:[;,.\n]|\band\b|\s)\s*{_PART}\s*\S", re.DOTALL)
FORMULA = re.compile(r"[\d\\$=^{}<>+*/|]")


@dataclass(frozen=True)
class VerifiableAnswer(Rule):
    r"""The gold answer is one answer that a machine can check.

    It is neither empty nor an explanation nor a note, has one part, and the grader accepts it as an answer to itself:
    `\boxed{gold}` is graded as right. Plain numbers and letters of choices, which the grader is known to accept, are
    not asked about. An answer in words is short: a name, a day, yes or no.

    Args:
        grader: decides which answers are right.
        most_words: of an answer in words.
        most_characters: of any answer.
    """

    grader: Grader = field(default_factory=AnswerGrader)
    most_words: PositiveInt = 6
    most_characters: PositiveInt = 300

    @override
    def __call__(self, samples: Sequence[Sample]) -> list[str | None]:
        reasons = [self.looks(sample) for sample in samples]
        asked = [place for place, sample in enumerate(samples) if reasons[place] is None and not is_plain(sample)]
        boxed = [f"\\boxed{{{samples[place].answer.strip()}}}" for place in asked]
        grades = self.grader.grade_all(boxed, [replace(samples[place], images=()) for place in asked])
        for place, grade in zip(asked, grades, strict=True):
            if grade.error is not None:
                reasons[place] = f"answer: {grade.error}"
            elif grade.score != 1.0:
                reasons[place] = "answer: the grader refuses it"
        return reasons

    def looks(self, sample: Sample) -> str | None:
        """Return what is wrong with an answer at a glance; None if nothing is."""
        gold = sample.answer.strip()
        if not gold:
            return "answer: empty"
        if sample.choices and gold in sample.choices:
            return None
        if PARTS.match(gold):
            return "answer: several parts"
        if UNVERIFIABLE.search(gold):
            return "answer: no answer that can be checked"
        words = [word for word in re.findall(r"[^\W\d_]{2,}", re.sub(r"\\[a-zA-Z]+", " ", gold))]
        if len(gold) > self.most_characters or (len(words) > self.most_words):
            return "answer: too long to check"
        return None


def is_plain(sample: Sample) -> bool:
    """Return whether the gold is a plain number, or the letter or text of a choice, which the grader always accepts.

    Example: `is_plain(Sample("1", answer="-3.25")) and not is_plain(Sample("2", answer="1/2"))`
    """
    gold = sample.answer.strip()
    if PLAIN.fullmatch(gold):
        return True
    choices = sample.choices or ()
    return len(gold) == 1 and "A" <= gold <= chr(ord("A") + len(choices) - 1)
