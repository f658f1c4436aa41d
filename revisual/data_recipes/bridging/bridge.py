"""Many samples on their way at once, over two endpoints."""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from revisual.client.budget import Budget
from revisual.client.client import Traffic
from revisual.client.journal import Journal, Record
from revisual.core.errors import UserError
from revisual.core.files import explain_write_errors
from revisual.data.sample import Sample
from revisual.data_recipes.bridging.endpoint import Arrivals, Closed, Endpoint, EndpointWorker
from revisual.data_recipes.bridging.recipe import Recipe
from revisual.data_recipes.bridging.work_item import STEPS, VLM_STEPS, Outcome, WorkItem


@dataclass
class Bridge:
    """Takes samples through a recipe's steps. What was answered once is in the journals and is not asked again.

    Example: `list(Bridge(vlm, reasoner, Recipe(PromptFiles().read()), Path("out/bridge")).outcomes(samples))`

    Args:
        vlm: the vision-language model.
        reasoner: the text reasoner.
        recipe: what is asked, and what is kept.
        out: the folder; each reply stands in `answers/vlm.jsonl` or `answers/reasoner.jsonl` as soon as it is there.
        budget: of both endpoints together.
    """

    vlm: Endpoint
    reasoner: Endpoint
    recipe: Recipe
    out: Path
    budget: Budget = field(default_factory=Budget)
    traffic: tuple[Traffic, Traffic] = field(default_factory=lambda: (Traffic(), Traffic()))
    """What went to the one and to the other."""
    _arrivals: Arrivals = field(default_factory=SimpleQueue)

    def __post_init__(self) -> None:
        vlm, reasoner = self.vlm.server, self.reasoner.server
        if vlm.base_url != reasoner.base_url and vlm.key_env == reasoner.key_env and vlm.key():
            raise UserError(
                f"vlm and reasoner: both servers would get the key in ${vlm.key_env}; give each a key_env of its own"
            )

    @property
    def models(self) -> dict[str, str]:
        """The models that are asked, by step."""
        return {step: (self.vlm if step in VLM_STEPS else self.reasoner).server.model for step in STEPS}

    @property
    def trouble(self) -> str:
        """The present trouble in a few words; empty if all goes well."""
        names = ("vlm", "reasoner")
        troubled = [(name, one) for name, one in zip(names, self.traffic, strict=True) if one.retried]
        return "; ".join(f"{name}: {one.retried} retried, {one.trouble}" for name, one in troubled)

    @property
    def window(self) -> int:
        """The number of samples on their way at once: both endpoints busy, and as many in line."""
        return 2 * (self.vlm.server.concurrency + self.reasoner.server.concurrency)

    def stop(self, reason: BaseException) -> None:
        """Ask nothing more; outcomes end, and raise `reason`, when what is on its way has arrived. For any thread."""
        self._arrivals.put(reason)

    def outcomes(self, samples: Iterable[Sample]) -> Generator[Outcome, None, None]:
        """Yield what becomes of each sample, in the order of the samples as far as it is known.

        Raises:
            BudgetSpent, UserError: after the outcomes of all that was finished: the budget is spent, samples cannot
                be read any further, an endpoint fails from the start, or the disk takes no more.
        """
        with (
            explain_write_errors(self.out / "answers"),
            Journal(self.out / "answers" / "vlm.jsonl") as vlm_journal,
            Journal(self.out / "answers" / "reasoner.jsonl") as reasoner_journal,
        ):
            vlm = EndpointWorker(self.vlm, vlm_journal, self.budget, self.traffic[0], self._arrivals)
            reasoner = EndpointWorker(self.reasoner, reasoner_journal, self.budget, self.traffic[1], self._arrivals)
            yield from restore_order(_Run(self, vlm, reasoner, samples).outcomes())


class _Run:
    """One call's samples."""

    def __init__(
        self, bridge: Bridge, vlm: EndpointWorker, reasoner: EndpointWorker, samples: Iterable[Sample]
    ) -> None:
        self.recipe, self.window, self.arrivals = bridge.recipe, bridge.window, bridge._arrivals
        self.workers = {step: vlm if step in VLM_STEPS else reasoner for step in STEPS}
        self.open = 2
        self.source = enumerate(samples)
        self.asked: dict[str, tuple[WorkItem, str]] = {}
        """By the request's id."""
        self.error: BaseException | None = None
        self.is_stopping = self.is_read = False

    def outcomes(self) -> Iterator[Outcome]:
        """Yield them as they come."""
        try:
            while True:
                yield from self._admit()
                if not self.asked and self.is_read:
                    self._close()
                if not self.open:
                    break
                yield from self._receive(self.arrivals.get())
        finally:
            self._close()
        self._raise_errors()

    def _admit(self) -> Iterator[Outcome]:
        """Take samples as there is room for them."""
        while not self.is_read and not self.is_stopping and len(self.asked) < self.window:
            try:
                number, sample = next(self.source)
            except StopIteration:
                self.is_read = True
            except UserError as error:  # what was read before is gone on with
                self.is_read, self.error = True, error
            else:
                yield from self._advance(WorkItem(number, sample))

    def _advance(self, item: WorkItem) -> Iterator[Outcome]:
        """Ask what comes next, or give what became of the sample."""
        step = self.recipe.next(item)
        if isinstance(step, Outcome):
            yield step
        elif not self.is_stopping:
            request = self.recipe.request(item, step)
            self.asked[request.id] = (item, step)
            self.workers[step].ask(request, priority=-STEPS.index(step) + len(STEPS))

    def _receive(self, arrival: Record | Closed | BaseException) -> Iterator[Outcome]:
        """Take what came from a worker."""
        if isinstance(arrival, Record):
            item, step = self.asked.pop(arrival.id)
            yield from self._advance(item.with_reply(step, arrival))
            return
        error = arrival.error if isinstance(arrival, Closed) else arrival
        self.open -= isinstance(arrival, Closed)
        self.error = self.error or error
        if error is not None:
            self._close()

    def _close(self) -> None:
        """Ask nothing more."""
        if not self.is_stopping:
            for worker in {id(worker): worker for worker in self.workers.values()}.values():
                worker.close()
            self.is_stopping = self.is_read = True

    def _raise_errors(self) -> None:
        """Raise what ended it, or that an endpoint gave not one answer."""
        if self.error is not None:
            raise self.error
        for worker in self.workers.values():
            if worker.failed and not worker.answered:
                raise UserError(
                    f"{worker.endpoint.server.base_url}: all {worker.failed} requests failed; "
                    f"the last: {worker.last_error}"
                )


def restore_order(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """Yield outcomes by number. Those whose turn did not come when they end come in order before any error."""
    waiting: dict[int, Outcome] = {}
    following = 0
    error: Exception | None = None
    try:
        for outcome in outcomes:
            waiting[outcome.item.number] = outcome
            while following in waiting:
                yield waiting.pop(following)
                following += 1
    except Exception as raised:
        error = raised
    yield from (waiting[number] for number in sorted(waiting))
    if error is not None:
        raise error
