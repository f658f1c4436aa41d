"""What an answer has to be besides equal to the gold answer, each demand with a switch."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from revisual.grading.grade import Grade

REFUSALS = {
    "declared": "undeclared",
    "finished": "unfinished",
    "worked_out": "not_worked_out",
    "converted": "not_converted",
}
"""By the name of a requirement, what a rule is called that refuses an answer for it."""


@dataclass(frozen=True)
class Requirements:
    """Which requirements an answer of the right value has to meet to be paid.

    Example: `Requirements(declared=False)`

    Args:
        declared: it stands in a box or an answer tag, after a closing phrase, or is the whole response.
        finished: the response was not cut at its limit, unless its last box or tag is whole.
        worked_out: no operation is left to be done, and no expression of the question is repeated.
        converted: where the question asks for another notation, it is not a numeral of the question as it stands there.
    """

    declared: bool = True
    finished: bool = True
    worked_out: bool = True
    converted: bool = True

    def apply(self, grade: Grade) -> Grade:
        """Refuse a right answer that does not meet what is required, and name the first reason.

        Example: `Requirements().apply(Grade(1.0, "2+2", "boxed/number", unmet=("worked_out",))).score == 0.0`
        """
        reason = next((name for name in grade.unmet if getattr(self, name)), None)
        if reason is None:
            return grade
        return replace(grade, score=0.0, rule=f"{grade.rule.partition('/')[0]}/{REFUSALS[reason]}")

    def score(self, grade: Grade) -> float:
        """Return the score of an answer under these requirements, whatever those were that it was graded under.

        Example: `EVALUATION.score(REWARDS.apply(Grade(1.0, "42", "sentence/number", unmet=("declared",)))) == 1.0`
        """
        return float(not any(getattr(self, name) for name in grade.unmet)) if grade.unmet else grade.score

    def count_differences(self, grades: Iterable[Grade]) -> dict[str, int]:
        """Return the number of answers whose score the other state of each switch alone would change."""
        counts = dict.fromkeys(REFUSALS, 0)
        for grade in grades:
            required = [name for name in grade.unmet if getattr(self, name)]
            for name in grade.unmet:
                counts[name] += required in ([], [name])
        return counts

    def settings(self) -> dict[str, bool]:
        """Return the state of each switch, by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


REWARDS = Requirements()
"""For whatever is trained on or selected by: rewards, curation, bridging."""
EVALUATION = Requirements(declared=False)
"""For figures: an answer may also stand undeclared in the last sentence."""
VALUE_ALONE = Requirements(declared=False, finished=False, worked_out=False, converted=False)
"""Nothing but the value, as graders commonly judge; for comparisons."""
NAMED = {"rewards": REWARDS, "evaluation": EVALUATION, "value_alone": VALUE_ALONE}
"""The sets of requirements that a command can be given by name."""
