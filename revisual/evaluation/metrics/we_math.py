"""We-Math's four-way metrics (Qiao et al., 2024, section 2.3), as in evaluation/four_dimensional_metrics.py.

A family is a problem of several steps and one sub-problem for each step. By S (all sub-problems right), A (any of them)
and M (the whole problem right):

| | strict | loose |
|---|---|---|
| insufficient knowledge, IK | not S, not M | the same |
| inadequate generalization, IG | S, not M | the same |
| complete mastery, CM | S, M | A, M |
| rote memorization, RM | not S, M | not A, M |

score = 1 - IK - IG / 2 - RM, each as a share of the families; the published RM is RM / (CM + RM).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from revisual.evaluation.metrics.families import families
from revisual.evaluation.metrics.figures import Figure
from revisual.evaluation.metrics.problems import Problem, mean_figure, ratio_figure

_STEPS: Mapping[str, Callable[[str], bool]] = {
    "one": lambda key: not key.endswith("multi"),
    "two": lambda key: key == "2steps_multi",
    "three": lambda key: key == "3steps_multi",
}


@dataclass(frozen=True)
class Outcome:
    """A family in one run.

    Example: `Outcome(all_steps=False, any_step=True, whole=True)` is rote memorization if strict, mastery if loose.
    """

    all_steps: bool
    any_step: bool
    whole: bool

    @property
    def insufficient_knowledge(self) -> bool:
        """Not every step right, and the whole wrong."""
        return not self.all_steps and not self.whole

    @property
    def inadequate_generalization(self) -> bool:
        """Every step right, and the whole wrong."""
        return self.all_steps and not self.whole

    def mastery(self, loose: bool) -> bool:
        """Count a family as right if the whole is, and its steps too: all of them, or if loose any."""
        return self.whole and (self.any_step if loose else self.all_steps)

    def memorization(self, loose: bool) -> bool:
        """Count a family whose whole is right without its steps."""
        return self.whole and not self.mastery(loose)

    def score(self, loose: bool) -> float:
        """Return 1 for mastery, a half for inadequate generalization, else 0."""
        return 1.0 - 0.5 * self.inadequate_generalization - self.insufficient_knowledge - self.memorization(loose)


def outcome(run: Mapping[str, float]) -> Outcome | None:
    """Return the outcome of a family's scores, by keys such as "2steps_1" and "2steps_multi"; None if one is missing.

    Example: `outcome({"2steps_1": 1.0, "2steps_2": 0.0, "2steps_multi": 1.0}) == Outcome(False, True, True)`
    """
    steps = {int(key[0]) for key in run}
    if len(steps) != 1:
        return None
    count = steps.pop()
    parts = [f"{count}steps_{step}" for step in range(1, count + 1)]
    whole = f"{count}steps_multi"
    if not {*parts, whole} <= run.keys():
        return None
    right = [run[part] == 1.0 for part in parts]
    return Outcome(all(right), any(right), run[whole] == 1.0)


def strict_score(problems: Sequence[Problem]) -> Figure:
    """Return the score, strict."""
    return _mean("score_strict", _outcomes(problems), lambda one: one.score(loose=False))


def other_figures(problems: Sequence[Problem]) -> list[Figure]:
    """Return the loose score, the four shares of both kinds, and the accuracy by number of steps."""
    found = _outcomes(problems)
    figures = [
        _mean("score_loose", found, lambda one: one.score(loose=True)),
        _mean("insufficient_knowledge", found, lambda one: one.insufficient_knowledge),
        _mean("inadequate_generalization", found, lambda one: one.inadequate_generalization),
    ]
    for name, loose in (("strict", False), ("loose", True)):
        figures.append(_mean(f"complete_mastery_{name}", found, lambda one, loose=loose: one.mastery(loose)))
        figures.append(_memorization(f"rote_memorization_{name}", found, loose))
    for name, is_of in _STEPS.items():
        scores = [problem.score for problem in problems if is_of(str(problem.fields["key"]))]
        figures.append(mean_figure(f"steps/{name}", scores))
    return figures


def _outcomes(problems: Sequence[Problem]) -> list[list[Outcome]]:
    """Return for each family its outcomes in the runs that are complete, one at least."""
    found = [[outcome(run) for run in family.values()] for family in families(problems, "family", "key").values()]
    complete = [[one for one in runs if one is not None] for runs in found]
    return [runs for runs in complete if runs]


def _mean(name: str, found: Sequence[Sequence[Outcome]], value: Callable[[Outcome], bool | float]) -> Figure:
    return ratio_figure(
        name, [[float(sum(map(value, runs)))] for runs in found], [[float(len(runs))] for runs in found]
    )


def _memorization(name: str, found: Sequence[Sequence[Outcome]], loose: bool) -> Figure:
    """Return RM / (CM + RM): of the problems that were solved; no value where none was."""
    solved = [[float(sum(one.whole for one in runs))] for runs in found]
    return ratio_figure(name, [[float(sum(one.memorization(loose) for one in runs))] for runs in found], solved)
