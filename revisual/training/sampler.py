"""Drawing the rollouts of a rollout step."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from revisual.core.distributed import all_mean, all_sum
from revisual.core.seeds import stable_seed
from revisual.data.prompt import EncodedPrompt
from revisual.rollout.engine import draw_completions
from revisual.training.policy_engine import PolicyEngine
from revisual.training.prefetch import DrawnRollouts
from revisual.training.settings import RolloutSampling


@dataclass(frozen=True)
class RolloutSampler:
    """Draw rollouts by an engine, if wanted those of the coming prompts ahead.

    Args:
        engine: with the policy's weights.
        precision: the context that the trainer computes forwards in.
        seed: of the run.
    """

    engine: PolicyEngine
    precision: Callable[[], AbstractContextManager[object]]
    seed: int

    def __call__(
        self,
        prompts: Sequence[EncodedPrompt],
        upcoming: Sequence[EncodedPrompt],
        sampling: RolloutSampling,
        step: int,
        optimizer_step: int,
    ) -> tuple[DrawnRollouts, dict[str, float]]:
        """Draw the rollouts of `prompts`, and begin to draw those of `upcoming`; every rank must call it.

        Args:
            prompts: of this rollout step.
            upcoming: of the next one, to be drawn while this one is learned from; none to wait with them.
            sampling: how.
            step: number of the rollout step, from 0.
            optimizer_step: number of optimizer steps so far.

        Returns:
            The rollouts, and what to log of drawing them.
        """
        start = time.perf_counter()
        drawn = self.engine.prefetch.take(prompts)
        self.engine.sync(optimizer_step)
        drawn = drawn or self.draw(prompts, sampling, step, version=step)
        if upcoming:
            self.engine.prefetch.start(upcoming, partial(self.draw, upcoming, sampling, step + 1, version=step))
        seconds = all_mean({"seconds": time.perf_counter() - start})["seconds"]
        tokens = all_sum({"tokens": float(drawn.completions.mask.sum())})["tokens"]
        stats = {
            "rollout/seconds": seconds,
            "rollout/tokens": tokens,
            "rollout/tokens_per_second": tokens / seconds,
            "rollout/staleness": float(step - drawn.version),
        }
        return drawn, stats

    def draw(
        self, prompts: Sequence[EncodedPrompt], sampling: RolloutSampling, step: int, version: int
    ) -> DrawnRollouts:
        """Draw the rollouts of rollout step `step` by the weights of step `version`.

        A rollout's seed is the same on any number of ranks.
        """
        seeds = [stable_seed(self.seed, step, p.id, j) for p in prompts for j in range(sampling.group_size)]
        with self.precision():
            completions = draw_completions(
                self.engine.engine, prompts, sampling.of_group(), sampling.max_new_tokens, seeds
            )
        return DrawnRollouts(completions, version)
