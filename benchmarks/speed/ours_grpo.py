"""revisual's side of the GRPO measurements: `python ours_grpo.py SETTINGS`."""

import json
import sys
from pathlib import Path

from ours import Clock, adamw, train

from revisual import GRPOModule
from revisual.data.prompts import PromptDataModule
from revisual.data.readers import JSONLReader
from revisual.models.policy import PretrainedPolicy
from revisual.rewards.functions import RewardFunction, RewardScores, WeightedReward
from revisual.rl.filters import KeepAll, PrioritizedAdvantageDistillation
from revisual.rollout.hf.engine import HFRollout
from revisual.training.settings import RolloutSampling


class ForcedLength(HFRollout):
    """No answer ends before its limit, as TRL is told by min_new_tokens."""

    def end_tokens(self) -> list[int]:
        return []


class Digits(RewardFunction):
    """The reward of the other side: the colour named, and a little per digit."""

    def __call__(self, responses, grades):
        scores = [float(r.sample.answer in r.text) + 0.01 * sum(c.isdigit() for c in r.text) for r in responses]
        return RewardScores(scores, [None] * len(responses))


def main(settings: dict) -> None:
    folder = Path(settings["folder"])
    pad = PrioritizedAdvantageDistillation(t_low=1e-6, ratio=0.5)
    module = GRPOModule(
        PretrainedPolicy(str(folder / "policy")),
        rewards={"digits": WeightedReward(Digits())},
        engine=ForcedLength(),
        advantage_filter=pad if settings.get("filter") == "pad" else KeepAll(),
        optimizer=adamw,
        sampling=RolloutSampling(settings["group"], settings["new_tokens"]),
        system_prompt=None,
    )
    data = PromptDataModule([JSONLReader(folder / "prompts.jsonl")], root=folder, batch_size=settings["prompts"])
    train(module, data, settings["steps"], Clock(rollout_seconds="rollout/seconds"))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
