"""Rollouts of the coming batch, drawn while the present one is learned from."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from threading import Thread

from revisual.data.prompt import EncodedPrompt
from revisual.rollout.engine import Completions


@dataclass(frozen=True)
class DrawnRollouts:
    """Completions, and the rollout step whose weights they were drawn with."""

    completions: Completions
    version: int


class Prefetch:
    """Draw rollouts in a thread, one request at a time.

    What is in flight is in no checkpoint: a resumed run draws it again.
    """

    def __init__(self) -> None:
        self._pending: tuple[list[str], Future[DrawnRollouts]] | None = None

    def start(self, prompts: Sequence[EncodedPrompt], draw: Callable[[], DrawnRollouts]) -> None:
        """Begin to draw the rollouts of `prompts`."""
        future: Future[DrawnRollouts] = Future()

        def run() -> None:
            try:
                future.set_result(draw())
            except BaseException as error:
                future.set_exception(error)

        self._pending = [prompt.id for prompt in prompts], future
        # A daemon: a run that ends with an error does not wait for rollouts that nobody wants.
        Thread(target=run, name="rollouts", daemon=True).start()

    def take(self, prompts: Sequence[EncodedPrompt]) -> DrawnRollouts | None:
        """Wait for the rollouts of `prompts` if they were begun, and return them; raise what drawing them raised."""
        pending, self._pending = self._pending, None
        if pending is None:
            return None
        drawn = pending[1].result()
        return drawn if pending[0] == [prompt.id for prompt in prompts] else None

    def finish(self) -> None:
        """Wait until nothing is being drawn, so that the engine can get other weights."""
        if self._pending is not None:
            wait([self._pending[1]])
