"""A rollout engine together with what it needs to know of the policy: whether its weights are the present ones."""

from contextlib import AbstractContextManager
from typing import Any

from revisual.data.encoding import PromptEncoder
from revisual.models.sharding import full_tensors
from revisual.rollout.engine import RolloutEngine
from revisual.training.prefetch import Prefetch


class PolicyEngine:
    """Hand the policy's weights to an engine when they have changed since it last got them, or it lost them."""

    def __init__(self, engine: RolloutEngine) -> None:
        self.engine = engine
        self.prefetch = Prefetch()
        self.checked = False
        """Whether this run has compared it with the trainer."""
        self._policy: Any = None
        self._step: int | None = None

    def attach(self, policy: Any, encoder: PromptEncoder) -> None:
        """Tell the engine its policy, once that has weights."""
        self._policy = policy
        self.engine.attach(policy, encoder)
        if self.engine.policy is None:  # what it draws is checked against the policy's vocabulary
            self.engine.policy = policy

    def require_length(self, most_tokens: int) -> None:
        """Have the engine make room for prompts and answers of so many tokens together."""
        self.engine.require_length(most_tokens)

    def stay_awake(self) -> AbstractContextManager[None]:
        """Expect several samplings with the same weights within."""
        return self.engine.stay_awake()

    def sync(self, step: int) -> None:
        """Give the engine the weights after `step` optimizer steps, once nothing is drawn by others any more."""
        self.prefetch.finish()
        if self._step != step or self.engine.needs_weights:
            self.engine.load_weights(full_tensors(self._policy, self.engine.weight_dtype()))
            self._step = step

    def forget(self) -> None:
        """Give the weights anew at the next `sync`, whatever step it is."""
        self._step = None
