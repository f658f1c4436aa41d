"""Step 3: ten levels of difficulty, 1 for the easiest."""

from abc import abstractmethod
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from revisual.core.errors import UserError
from revisual.core.ranges import Count, FiniteFloat
from revisual.data.readers.row import lookup
from revisual.data_recipes.grammar.pass_rates import pass_rates
from revisual.data_recipes.grammar.solver import Solver
from revisual.data_recipes.grammar.step import Outcome, Step, Work
from revisual.grading.grader import AnswerGrader, Grader

LEVELS = 10


def levels_of(rates: NDArray[np.float64], levels: int = LEVELS) -> NDArray[np.int64]:
    """Return the levels [N] of pass rates [N]: 1 for (0.9, 1], ..., 10 for [0, 0.1]; 0 for NaN.

    Example: `levels_of(np.array([1.0, 0.55, 0.0])).tolist() == [1, 5, 10]`
    """
    known = np.nan_to_num(rates, nan=1.0)
    found = np.clip(np.floor((1 - known) * levels + 1e-9) + 1, 1, levels).astype(np.int64)
    return np.where(np.isnan(rates), 0, found)


class Difficulty(Step):
    """Gives every item a level; none is dropped."""

    @abstractmethod
    def rates(self, work: Work) -> NDArray[np.float64]:
        """Return the share of answers that are right [N], or what stands for it; NaN where unknown."""

    @override
    def run(self, work: Work) -> Outcome:
        rates = self.rates(work)
        items = work.items.with_column("strong_pass_rate", rates).with_column("level", levels_of(rates))
        return Outcome(items, {"ungraded": int(np.isnan(rates).sum())})


@dataclass(frozen=True, kw_only=True)
class GradeDifficulty(Difficulty):
    """By the pass rate of a second, larger model.

    Example: `GradeDifficulty(solver=ServerSolver(model="Qwen/Qwen2.5-VL-32B-Instruct"), k=16)`

    Args:
        solver: the model.
        k: answers per question.
        grader: decides which answers are right.
    """

    solver: Solver
    k: Count = 16
    grader: Grader = field(default_factory=AnswerGrader)

    @override
    def rates(self, work: Work) -> NDArray[np.float64]:
        return pass_rates(work, self.solver, self.k, self.grader).rates()


@dataclass(frozen=True)
class RatedDifficulty(Difficulty):
    """By a number that the sources give, in `extra`, where no model is at hand. Items without it stay ungraded.

    Example: `RatedDifficulty("difficulty", easiest=1, hardest=10)`

    Args:
        field: of `extra`; a dot goes into an object.
        easiest: its value at level 1.
        hardest: its value at level 10.
    """

    field: str = "difficulty"
    easiest: FiniteFloat = 1.0
    hardest: FiniteFloat = 10.0

    @override
    def rates(self, work: Work) -> NDArray[np.float64]:
        span = self.hardest - self.easiest
        if not span:
            raise UserError("RatedDifficulty: easiest and hardest are the same")
        found = np.full(len(work.items), np.nan)
        for place, sample in enumerate(work.samples.samples(work.items.rows)):
            try:
                value = lookup(sample.extra, self.field, self.field)
            except UserError:
                continue  # another source's
            if isinstance(value, int | float) and not isinstance(value, bool) and value == value:
                # Level 1 is a rate of 1, level 10 one of 0: the middle of a level's span of rates.
                level = np.clip(round(1 + (LEVELS - 1) * (value - self.easiest) / span), 1, LEVELS)
                found[place] = 1 - (level - 0.5) / LEVELS
        return found
