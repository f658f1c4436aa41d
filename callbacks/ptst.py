"""Vision-R1's progressive thinking suppression training."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_warn

from revisual.core.errors import UserError
from revisual.core.ranges import GroupSize, PositiveInt, check_ranges
from revisual.training.grpo import GRPOModule


@dataclass(frozen=True)
class PTSTStage:
    """So many rollout steps with responses of one maximum length, and groups of one size.

    Args:
        max_new_tokens: most tokens of a response.
        group_size: responses to a prompt.
        steps: rollout steps that the stage lasts.
    """

    max_new_tokens: PositiveInt
    group_size: GroupSize
    steps: PositiveInt

    def __post_init__(self) -> None:
        check_ranges(self)

    @property
    def tokens(self) -> int:
        """At most generated for a prompt."""
        return self.max_new_tokens * self.group_size


VISION_R1 = (PTSTStage(4096, 16, 100), PTSTStage(8192, 8, 100), PTSTStage(16384, 4, 100))
"""The paper's; its released model is that at the end of the second stage."""


class PTST(Callback):
    """Suppresses long thoughts at first, and allows them bit by bit (Vision-R1, section 3.4).

    A stage has responses of a maximum length. A thought that is longer is cut, and earns nothing, so the policy learns
    to come to an answer within it; the next stages allow more. As groups shrink by what lengths grow, the tokens
    generated for a prompt stay the same, and so does the memory that a pass takes.

    Moves `GRPOModule.sampling` before a rollout. The stage follows from the number of rollout steps so far, which a
    checkpoint holds: a run resumes within a stage, and may resume with other stages to come. `LengthReward` without a
    budget of its own follows. The last stage lasts until the run's end.

    Example: `PTST([PTSTStage(max_new_tokens=4096, group_size=16, steps=100), PTSTStage(8192, 8, 100)])`

    Args:
        stages: in their order; by default the paper's, of 100 steps each. None may be longer than
            `model.sampling.max_new_tokens`, which engines are made for.
    """

    def __init__(self, stages: Sequence[PTSTStage] = VISION_R1) -> None:
        if not stages:
            raise UserError("PTST: stages: there is none")
        self.stages = tuple(stages)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Check the stages against the module.

        Raises:
            UserError: a response of a stage might be longer than the module's limit, or the module does no rollouts.
        """
        if not isinstance(pl_module, GRPOModule):
            raise UserError(f"PTST moves the rollouts of a GRPOModule; {type(pl_module).__name__} has none")
        limit = pl_module.evaluation.max_new_tokens
        for number, each in enumerate(self.stages, start=1):
            if each.max_new_tokens > limit:
                raise UserError(
                    f"PTST: stage {number} has {each.max_new_tokens} new tokens, more than "
                    f"model.sampling.max_new_tokens, {limit}: engines are made for that"
                )
        budgets = [each.tokens for each in self.stages]
        if len(set(budgets)) > 1:
            rank_zero_warn(f"PTST: the stages' tokens per prompt differ: {', '.join(map(str, budgets))}")

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Set the sampling of a rollout that is about to begin, and log it."""
        if batch.update == 0:
            module: Any = pl_module
            number = stage_number(self.stages, module.rollout_step)
            stage = self.stages[number - 1]
            module.sampling = replace(module.sampling, group_size=stage.group_size, max_new_tokens=stage.max_new_tokens)
            numbers = {
                "ptst/stage": float(number),
                "ptst/group_size": float(stage.group_size),
                "ptst/max_new_tokens": float(stage.max_new_tokens),
            }
            module.log_with_update(numbers)


def stage_number(stages: Sequence[PTSTStage], rollout_step: int) -> int:
    """Return the stage, counted from 1, of a rollout before which there were `rollout_step`.

    Example: with the paper's stages of 100 steps, 0 and 99 are in stage 1, 100 in stage 2, and 300 still in stage 3.
    """
    ends = list(accumulate(stage.steps for stage in stages))
    return 1 + sum(end <= rollout_step for end in ends[:-1])
