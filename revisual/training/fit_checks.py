"""What `fit` asks of a trainer and of its data before it begins."""

from typing import Any

from lightning.pytorch import Trainer
from lightning.pytorch.utilities import rank_zero_warn
from torch.distributed.fsdp import FSDPModule

from revisual.core.errors import UserError
from revisual.data.loader import LoadedBatch
from revisual.training.lr_schedulers import NeedsTotalSteps
from revisual.training.strategies.fsdp2 import FSDP2


def check_trainer(trainer: Trainer, updates: int) -> None:
    """Check that optimizer steps and checkpoints fall where a run can go on.

    Args:
        trainer: about to fit.
        updates: optimizer steps over one batch of items.

    Raises:
        UserError: Lightning would add up gradients of several batches, or a checkpoint would be written between two
            updates over one batch.
    """
    if trainer.accumulate_grad_batches != 1:
        raise UserError(
            f"trainer.accumulate_grad_batches: {trainer.accumulate_grad_batches}: a batch is one optimizer step, in as "
            "many passes as model.max_tokens_per_pass asks for; leave it at 1"
        )
    for checkpoint in trainer.checkpoint_callbacks:
        every = getattr(checkpoint, "_every_n_train_steps", 0)
        if updates > 1 and getattr(checkpoint, "_train_time_interval", None) is not None:
            raise UserError(
                f"ModelCheckpoint: train_time_interval may fall between two of the {updates} optimizer steps over one "
                "rollout, where a run cannot go on: use every_n_train_steps"
            )
        if every % updates:
            raise UserError(
                f"ModelCheckpoint: every_n_train_steps is {every}, no multiple of model.updates_per_rollout, {updates}"
            )


def require_placed(trainer: Any, policy: Any) -> None:
    """Check that FSDP2 has spread the policy: else each process would train one of its own, and nothing would say so.

    Args:
        trainer: about to fit.
        policy: that it trains.

    Raises:
        UserError: the policy was built before the trainer had it.
    """
    if isinstance(trainer.strategy, FSDP2) and not isinstance(policy, FSDPModule):
        raise UserError(
            "FSDP2: the policy was built before this trainer's fit, and is not spread over its processes: do not call "
            "configure_model before"
        )


def require_length(trainer: Any, scheduler: NeedsTotalSteps) -> None:
    """Check that a schedule over the whole run can know how long that is.

    Args:
        trainer: whose steps, if it says how many there are.
        scheduler: of the learning rate.

    Raises:
        UserError: only a time or a signal ends the run.
    """
    if scheduler.total is None and trainer.max_steps == -1 and trainer.max_epochs == -1:
        raise UserError(
            f"scheduler: {type(scheduler).__name__} goes over all steps of the run, and neither trainer.max_steps nor "
            "max_epochs bounds them: give one of these, or the scheduler's total"
        )


def warn_of_long_rows(trainer: Trainer, max_tokens_per_pass: int, max_new_tokens: int) -> None:
    """Say in one line that a row may be longer than a pass should be.

    Args:
        trainer: about to fit; its data module knows the longest item.
        max_tokens_per_pass: the module's.
        max_new_tokens: most tokens that a rollout adds to a prompt.
    """
    longest = getattr(getattr(trainer, "datamodule", None), "longest", {}).get("train", 0) + max_new_tokens
    if longest > max_tokens_per_pass:
        rank_zero_warn(
            f"model.max_tokens_per_pass: {max_tokens_per_pass} is less than the {longest} tokens that a row may have: "
            "such a row gets a pass of its own, and takes the memory of its length"
        )


def check_items(module: object, batch: LoadedBatch[Any], kind: type, data: str) -> None:
    """Check what the data module hands out.

    Raises:
        UserError: it is made for another module.
    """
    if not isinstance(batch.items[0], kind):
        raise UserError(
            f"{type(module).__name__} learns from {data}'s batches; the given data module hands out "
            f"{type(batch.items[0]).__name__}s, not {kind.__name__}s"
        )
