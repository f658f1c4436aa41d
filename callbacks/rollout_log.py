"""Rollouts as they are trained on, one JSON object per line."""

import json
from pathlib import Path
from typing import Any

from lightning.pytorch import Trainer
from typing_extensions import override

from revisual.core.files import appended_file, replaced_file
from revisual.core.ranges import NonNegativeInt, PositiveInt, check_ranges
from revisual.rl.batch import RolloutBatch
from revisual.rl.callbacks import RewardCallback, Rows, Weights


class RolloutLog(RewardCallback):
    """Every `every` rollout steps, appends text, reward terms, advantage and fate of this process's rollouts.

    Args:
        every: rollout steps between two records.
        most: rollouts written per record.
        file: inside `default_root_dir`, if relative; ranks other than 0 add their number.
    """

    def __init__(self, every: PositiveInt = 10, most: NonNegativeInt = 32, file: str = "rollouts.jsonl") -> None:
        self.every, self.most, self.file = every, most, file
        check_ranges(self)

    @override
    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Take out what was written of rollout steps that a resumed run does again."""
        path = self._path(trainer)
        if trainer.ckpt_path is not None and path.exists():
            with path.open(encoding="utf-8") as old, replaced_file(path) as new:
                new.writelines(line for line in old if _is_before(line, pl_module.rollout_step))

    @override
    def on_selection(self, trainer: Trainer, module: Any, batch: RolloutBatch, indices: Rows, weights: Weights) -> None:
        if module.rollout_step % self.every:
            return
        drawn = dict(zip(indices.tolist(), weights.tolist(), strict=True))
        with appended_file(self._path(trainer)) as file:
            for row in range(min(self.most, len(batch))):
                file.write(json.dumps(_record(batch, row, drawn.get(row, 0.0), module.rollout_step)) + "\n")

    def _path(self, trainer: Trainer) -> Path:
        path = Path(trainer.default_root_dir) / self.file
        return path.with_stem(f"{path.stem}.rank{trainer.global_rank}") if trainer.global_rank else path


def _is_before(line: str, step: int) -> bool:
    """Return whether a record is of an earlier rollout step; the half of a line that a kill left is of none."""
    try:
        return int(json.loads(line)["rollout_step"]) < step
    except (ValueError, KeyError, TypeError):
        return False


def _record(batch: RolloutBatch, row: int, weight: float, step: int) -> dict[str, Any]:
    sample = batch.prompts[int(batch.prompt_index[row])].sample
    assert batch.advantages is not None
    return {
        "rollout_step": step,
        "id": sample.id,
        "source": sample.source,
        "question": sample.question,
        "answer": sample.answer,
        "response": batch.responses[row],
        "length": int(batch.completion_mask[row].sum()),
        "truncated": bool(batch.truncated[row]),
        "valid": bool(batch.valid[row]),
        "rule": batch.rules[row] if batch.rules else None,
        "accuracy": float(batch.accuracy[row]),
        "reward": float(batch.rewards[row]),
        "reward_terms": {name: float(values[row]) for name, values in batch.reward_terms.items()},
        "advantage": float(batch.advantages[row]),
        "kept": weight > 0,
        "weight": weight,
    }
