"""Step 2: drops what a model always or never answers right."""

from dataclasses import dataclass, field

import numpy as np
from typing_extensions import override

from revisual.core.errors import UserError
from revisual.core.ranges import Count, Fraction, check_order
from revisual.data_recipes.grammar.drops import Drop
from revisual.data_recipes.grammar.pass_rates import pass_rates
from revisual.data_recipes.grammar.solver import Solver
from revisual.data_recipes.grammar.step import Outcome, Step, Work
from revisual.grading.grader import AnswerGrader, Grader


@dataclass(frozen=True, kw_only=True)
class Prune(Step):
    """Keeps questions whose pass rate lies in a band, ends included. GRAMMAR drops what is always right or wrong.

    Example: `Prune(solver=ServerSolver(model="Qwen/Qwen2.5-VL-7B-Instruct"), k=8, lowest=0.125, highest=0.875)`

    Args:
        solver: the model.
        k: answers per question.
        lowest: the lowest rate that is kept; by default any above 0.
        highest: the highest rate that is kept; by default any below 1.
        grader: decides which answers are right.
    """

    solver: Solver
    k: Count = 8
    lowest: Fraction | None = None
    highest: Fraction | None = None
    grader: Grader = field(default_factory=AnswerGrader)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_order(self, "lowest", "highest")

    @override
    def run(self, work: Work) -> Outcome:
        found = pass_rates(work, self.solver, self.k, self.grader)
        rates = found.rates()
        low = rates > 0 if self.lowest is None else rates >= self.lowest
        high = rates < 1 if self.highest is None else rates <= self.highest
        keep = low & high
        for place in np.flatnonzero(~keep).tolist():
            source, id = work.items.key(place)
            rate = rates[place]
            reason = "no answer" if np.isnan(rate) else f"pass rate: too {'high' if low[place] else 'low'}"
            work.drops.add(Drop(source, id, reason, {} if np.isnan(rate) else {"pass_rate": round(float(rate), 4)}))
        if not keep.any():
            raise UserError(
                f"{work.folder.name}: no question is kept: {self.solver.name} answers {np.nansum(found.right):,} of "
                f"{found.graded.sum():,} right; all pass rates lie outside the band"
            )
        notes = {"model": self.solver.name, "k": self.k, "pass_rates": found.histogram()}
        return Outcome(work.items.with_column("pass_rate", rates).where(keep), notes)
