"""An entropy coefficient that keeps the policy's entropy from falling below a target."""

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from typing_extensions import override

from revisual.core.ranges import Coefficient, NonNegativeFloat, PositiveFloat, check_order, check_ranges
from revisual.rl.schedules import Constant


class EntropyTarget(Callback):
    """Raises the entropy bonus's coefficient by `step` after a rollout step below the target, and lowers it above.

    Skywork-OR1 (arXiv 2505.22312): c <- c + step if the entropy is below the target, else c - step, within bounds; the
    bonus counts only while the entropy is not above the target. It takes the place of `model.entropy_coef`. The
    coefficient and the last entropy are part of checkpoints.

    Args:
        target: in nats per token, as `policy/entropy` is logged.
        step: by how much the coefficient moves.
        start: the first coefficient.
        lowest: smallest coefficient.
        highest: largest coefficient.
    """

    def __init__(
        self,
        target: PositiveFloat = 0.2,
        step: PositiveFloat = 0.005,
        start: Coefficient = 0.0,
        lowest: NonNegativeFloat = 0.0,
        highest: Coefficient = 1.0,
    ) -> None:
        self.target, self.step, self.lowest, self.highest = target, step, lowest, highest
        check_ranges(self)
        check_order(self, "lowest", "highest")
        self.coefficient, self.entropy = start, 0.0

    @override
    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        module: Any = pl_module
        value = self.coefficient if self.entropy <= self.target else 0.0
        module.coefficients.entropy = Constant(value)
        module.log_with_update({"policy/entropy_coef": value})

    @override
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        module: Any = pl_module
        if trainer.global_step % module.updates_per_rollout or "policy/entropy" not in module.step_log.taken:
            return
        self.entropy = module.step_log.taken["policy/entropy"]
        moved = self.coefficient + (self.step if self.entropy < self.target else -self.step)
        self.coefficient = min(max(moved, self.lowest), self.highest)

    @override
    def state_dict(self) -> dict[str, Any]:
        return {"coefficient": self.coefficient, "entropy": self.entropy}

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.coefficient, self.entropy = state_dict["coefficient"], state_dict["entropy"]
