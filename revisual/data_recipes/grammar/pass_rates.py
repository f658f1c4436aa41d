"""Pass rates: how often a model answers a question right."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from revisual.client.journal import Journal, Record
from revisual.client.pictures import Pictures
from revisual.client.request import ChatRequest
from revisual.core.errors import UserError
from revisual.core.seeds import stable_seed
from revisual.data.conversation import conversation
from revisual.data_recipes.grammar.solver import Solver
from revisual.data_recipes.grammar.step import Work
from revisual.grading.grader import Grader, grade_responses

GRADED_TOGETHER = 256
MOST_FAILED = 0.02
"""Share of requests without an answer from which the step does not go on: the server is to be looked after first."""


@dataclass(frozen=True)
class PassRates:
    """How often each of N questions was answered right.

    Example: `PassRates(right=np.array([3]), graded=np.array([4])).rates()[0] == 0.75`
    """

    right: NDArray[np.int64]
    graded: NDArray[np.int64]
    """Answers that were graded; failed requests and undecided grades are none."""

    def rates(self) -> NDArray[np.float64]:
        """Return shares [N]; NaN without an answer."""
        return np.divide(self.right, self.graded, out=np.full(len(self.right), np.nan), where=self.graded > 0)

    def histogram(self, bins: int = 10) -> list[int]:
        """Return how many questions have a rate of [0, 0.1), ..., [0.9, 1]."""
        rates = self.rates()
        return [int(n) for n in np.histogram(rates[~np.isnan(rates)], bins=bins, range=(0.0, 1.0))[0]]


def pass_rates(work: Work, solver: Solver, k: int, grader: Grader) -> PassRates:
    """Ask `solver` every question `k` times; what an earlier call asked is not asked again.

    Raises:
        UserError: no response marks an answer, too many requests got no answer, or the budget is spent.
    """
    if k < 1:
        raise UserError(f"{work.folder.name}: k is {k}, less than 1")
    right, graded, failed = np.zeros((3, len(work.items)), dtype=np.int64)
    marked, trouble, said = 0, "", ""
    responder = solver.responder()
    requests = _requests(work, solver, k)
    total = k * len(work.items)
    with (
        Journal(work.journals / f"{work.folder.name}.jsonl") as journal,
        work.progress(solver.name, total) as progress,
        closing(responder.answers(requests, journal)) as records,
    ):
        for batch in _batch(records):
            answered = [record for record in batch if not record.is_failed]
            places = np.array([int(record.id) for record in answered], dtype=np.int64)
            for record in batch:
                if record.is_failed:
                    failed[int(record.id)] += 1
                    trouble = record.error or trouble
            for place, record, grade in zip(places, answered, _grades(work, answered, places, grader), strict=True):
                graded[place] += grade.error is None
                right[place] += grade.error is None and grade.score == 1.0
                marked += grade.score == 1.0 or grade.rule.partition("/")[0] not in ("bare", "none")
                said = said or record.response
            progress.add(len(batch), responder.trouble)
    if failed.sum() > MOST_FAILED * total:
        raise UserError(
            f"{work.folder.name}: {failed.sum():,} of {total:,} requests to {solver.name} got no answer ({trouble}); "
            "what was answered is kept, and the same command asks the others again"
        )
    if not marked:
        raise UserError(
            f"{work.folder.name}: none of {total:,} responses of {solver.name} marks an answer, as in {said[:80]!r}"
        )
    return PassRates(right, graded)


def _requests(work: Work, solver: Solver, k: int) -> Iterator[ChatRequest]:
    """Return `k` requests per question in turn. Ids are places in the items; seeds depend on the sample alone."""
    for place, sample in enumerate(work.samples.samples(work.items.rows)):
        pictures = Pictures(sample.images, sample.id, solver.bounds)
        messages = conversation(sample, solver.system_prompt)
        for index in range(k):
            seed = (
                stable_seed("curation", work.seed, sample.source, sample.id, index) % 2**31
            )  # some servers take 32 bits
            yield ChatRequest(str(place), messages, pictures, index, seed)


def _grades(work: Work, records: Sequence[Record], places: NDArray[np.int64], grader: Grader) -> list[Any]:
    wanted = np.unique(places)
    found = dict(zip(wanted.tolist(), work.samples.samples(work.items.rows[wanted]), strict=True))
    samples = [replace(found[int(place)], images=()) for place in places]
    cut = [{"length": True, "stop": False}.get(record.finish_reason) for record in records]
    return grade_responses(grader, [record.response for record in records], samples, cut)


def _batch(records: Iterator[Record]) -> Iterator[list[Record]]:
    batch: list[Record] = []
    for record in records:
        batch.append(record)
        if len(batch) == GRADED_TOGETHER:
            yield batch
            batch = []
    if batch:
        yield batch
