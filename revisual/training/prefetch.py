"""Rollouts of the coming batch, drawn while the present one is learnt from."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from threading import Thread

from revisual.data.prompt import EncodedPrompt
from revisual.rollout.engine import Completions


@dataclass(frozen=True)
class Drawn:
    """Completions, and the rollout step whose weights they were drawn with."""

    completions: Completions
    version: int


class Ahead:
    """At most one request in flight. What is in flight is in no checkpoint: a resumed run draws it again."""

    def __init__(self) -> None:
        self._pending: tuple[list[str], Future[Drawn]] | None = None

    def start(self, prompts: Sequence[EncodedPrompt], draw: Callable[[], Drawn]) -> None:
        """Begins to draw the rollouts of `prompts`."""
        future: Future[Drawn] = Future()

        def run() -> None:
            try:
                future.set_result(draw())
            except BaseException as error:
                future.set_exception(error)

        self._pending = [prompt.id for prompt in prompts], future
        # A daemon: a run that ends with an error does not wait for rollouts that nobody wants.
        Thread(target=run, name="rollouts", daemon=True).start()

    def take(self, prompts: Sequence[EncodedPrompt]) -> Drawn | None:
        """The rollouts of `prompts`, waited for, if they were begun; raises what drawing them raised."""
        pending, self._pending = self._pending, None
        if pending is None:
            return None
        drawn = pending[1].result()
        return drawn if pending[0] == [prompt.id for prompt in prompts] else None

    def finish(self) -> None:
        """Waits until nothing is being drawn, so that the engine can get other weights."""
        if self._pending is not None:
            wait([self._pending[1]])
