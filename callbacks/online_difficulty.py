"""Prompts from which there is nothing to learn at present rest for a while."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lightning.pytorch import LightningModule, Trainer

from revisual.core.distributed import all_gather_objects
from revisual.core.errors import UserError
from revisual.core.ranges import PositiveFraction, PositiveInt
from revisual.data.rounds import PromptChooser
from revisual.data.sample import prompt_key
from revisual.rl.batch import RolloutBatch
from revisual.rl.callbacks import RewardCallback
from revisual.training.grpo import GRPOModule

RIGHT, WRONG = 1, -1


@dataclass(frozen=True)
class Streak:
    """How often in a row a prompt's responses were all right, or all wrong, and until when it rests for it."""

    verdict: int
    visits: int
    until: int
    """The rollout step, counted from 0, that it may be in again."""


class OnlineDifficulty(RewardCallback, PromptChooser):
    """Lets prompts rest whose responses were all right, or all wrong, lately: their advantages are all 0.

    A prompt rests after `visits` such visits in a row, and comes back after a number of rollout steps; if it is no
    different then, it rests again at once. Answers are judged by the grader, whatever the rewards are, and those that
    could not be judged say nothing. Chosen is when a round of the loader begins (see `RoundLoader`): within a round
    each prompt comes at most once, so that nothing is learnt too late.

    Logs `data/resting_prompts`, how many rest after this rollout step. What was seen is saved in checkpoints, and is
    the same on every rank.

    Example: `OnlineDifficulty(visits=2, rest_right=400)` under `trainer.callbacks`

    Args:
        visits: so many in a row must be alike.
        rest_right: rollout steps that a prompt rests which the policy has mastered.
        rest_wrong: rollout steps that a prompt rests which is too hard for it.
        least_active: at least this share of the prompts is in each round, if need be with those that have rested
            longest.
    """

    def __init__(
        self,
        visits: PositiveInt = 1,
        rest_right: PositiveInt = 200,
        rest_wrong: PositiveInt = 100,
        least_active: PositiveFraction = 0.25,
    ) -> None:
        if visits < 1 or rest_right < 1 or rest_wrong < 1 or not 0 < least_active <= 1:
            raise UserError(
                "OnlineDifficulty: visits, rest_right and rest_wrong must be at least 1 and least_active in (0, 1], "
                f"got {visits}, {rest_right}, {rest_wrong} and {least_active}"
            )
        self.visits, self.least_active = visits, least_active
        self.rests = {RIGHT: rest_right, WRONG: rest_wrong}
        self.step = 0
        """The rollout step to come."""
        self.streaks: dict[int, Streak] = {}
        """By `prompt_key`; a prompt without one was mixed at its last visit, or was never seen."""

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Check that the prompts come from a sampler by rounds.

        Raises:
            UserError: the training data are not in rounds of its choice.
        """
        if not isinstance(pl_module, GRPOModule) or getattr(trainer.train_dataloader, "chooser", None) is not self:
            raise UserError(
                "OnlineDifficulty: chooses prompts of a PromptDataModule for a GRPOModule, and is the only one to do so"
            )

    def on_rollout(self, trainer: Trainer, module: Any, batch: RolloutBatch) -> RolloutBatch:
        """Record how the prompts of all ranks went."""
        self.step = module.rollout_step + 1
        for verdicts in all_gather_objects(group_verdicts(batch)):
            for key, verdict in verdicts.items():
                self._note(key, verdict)
        resting = sum(streak.until > self.step for streak in self.streaks.values())
        module.log_with_update({"data/resting_prompts": float(resting)})
        return batch

    def _note(self, key: int, verdict: int) -> None:
        before = self.streaks.pop(key, None)
        if not verdict:
            return
        visits = before.visits + 1 if before is not None and before.verdict == verdict else 1
        rest = self.rests[verdict] if visits >= self.visits else 0
        self.streaks[key] = Streak(verdict, visits, self.step + rest)

    def active(self, keys: Sequence[int], least: int) -> list[int]:
        """Return the prompts that do not rest; if they are too few, also those whose rest ends first."""
        until = [self.streaks[key].until if key in self.streaks else 0 for key in keys]
        active = [place for place in range(len(keys)) if until[place] <= self.step]
        missing = max(least, math.ceil(self.least_active * len(keys))) - len(active)
        if missing > 0:
            resting = sorted((until[place], place) for place in range(len(keys)) if until[place] > self.step)
            active = sorted([*active, *(place for _, place in resting[:missing])])
        return active

    def state_dict(self) -> dict[str, Any]:
        """Return what was seen."""
        streaks = {key: [each.verdict, each.visits, each.until] for key, each in self.streaks.items()}
        return {"step": self.step, "streaks": streaks}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what was seen."""
        self.step = state_dict["step"]
        self.streaks = {key: Streak(*values) for key, values in state_dict["streaks"].items()}


def group_verdicts(batch: RolloutBatch) -> Mapping[int, int]:
    """Return by each prompt's `prompt_key` `RIGHT` or `WRONG` if all its responses are, else 0.

    Responses that could not be judged are left out, and so is a prompt that has no others.
    """
    found: dict[int, int] = {}
    for place, prompt in enumerate(batch.prompts):
        accuracy = batch.accuracy[(batch.prompt_index == place) & batch.valid].tolist()
        if accuracy:
            verdict = RIGHT if min(accuracy) >= 1 else WRONG if max(accuracy) <= 0 else 0
            found[prompt_key(prompt.sample)] = verdict
    return found
