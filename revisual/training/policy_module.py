"""What the SFT and the GRPO module share: an optimizer, and updates in several passes."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from lightning.fabric.plugins import TorchCheckpointIO
from lightning.pytorch import Callback
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import Optimizer
from typing_extensions import override

from revisual.core.ranges import check_ranges
from revisual.data.loader import LoadedBatch
from revisual.data.prompt import EncodedPrompt
from revisual.models.checkpoints import WholeFiles
from revisual.models.checksums import Checksums
from revisual.models.families import is_named
from revisual.models.frozen_weights import leave_out, put_back, record_frozen
from revisual.models.inputs import ForwardInputs, PromptedRows, forward_inputs
from revisual.models.lora import has_adapter
from revisual.models.parts import part_of
from revisual.models.policy import PolicyLoader
from revisual.training.answering_module import AnsweringModule
from revisual.training.end_checkpoint import EndCheckpoint
from revisual.training.epoch_end import EpochEnd
from revisual.training.finite import FiniteCheck
from revisual.training.fit_checks import check_trainer, require_placed, warn_of_long_rows
from revisual.training.gradients import accumulate_gradients, drop_picture_gradients, drop_step
from revisual.training.kept_checkpoints import KeptCheckpoints
from revisual.training.lr_schedulers import NeedsTotalSteps
from revisual.training.optimizers import OptimizerFactory, SchedulerFactory, make_optimizer
from revisual.training.passed_checks import check_forwards_once
from revisual.training.policy_engine import PolicyEngine
from revisual.training.step_log import StepLog
from revisual.training.strategies.placement import Placement
from revisual.training.update import Pass, Update
from revisual.training.update_speed import UpdateSpeed
from revisual.training.validation import Evaluation

SHOWN_IN_PROGRESS_BAR = ("train/loss", "reward/mean", "rollout/tokens_per_second")


class PolicyModule(AnsweringModule):
    """A policy that learns from updates of several passes, and is measured by generating.

    A batch of the loader is one optimizer step. Subclasses say what it learns from, by which loss (`prepare_updates`).

    Args:
        policy: where the policy comes from.
        engine: draws answers.
        evaluation: how answers are drawn and graded that are measured.
        optimizer: makes the optimizer from the trainable parameters.
        scheduler: makes the schedule of its learning rate.
        system_prompt: opens every conversation; null: none.
        max_tokens_per_pass: most tokens in a forward and backward pass.
    """

    def __init__(
        self,
        *,
        policy: PolicyLoader,
        engine: PolicyEngine,
        evaluation: Evaluation,
        optimizer: OptimizerFactory,
        scheduler: SchedulerFactory | None,
        system_prompt: str | None,
        max_tokens_per_pass: int,
    ) -> None:
        super().__init__(policy, engine, evaluation, system_prompt)
        self.optimizer_factory, self.scheduler_factory = optimizer, scheduler
        self.max_tokens_per_pass = max_tokens_per_pass
        check_ranges(self)
        self.step_log, self.speed = StepLog(), UpdateSpeed()
        self._frozen: Checksums = {}
        self.updates: Sequence[Update[Any]] = ()
        """Those of the loader's present items: one for each batch that it hands them out in."""
        self.update: Update[Any] | None = None
        """The one under way."""

    @property
    def updates_per_batch(self) -> int:
        """The number of optimizer steps that the loader hands each batch of items out for."""
        return 1

    @property
    def looks_ahead(self) -> bool:
        """Whether the loader says with each batch what the next one holds."""
        return False

    @abstractmethod
    def prepare_updates(self, batch: LoadedBatch[Any]) -> Sequence[Update[Any]]:
        """Return what is to be learned from a batch of new items: `updates_per_batch` updates."""

    @override
    def configure_callbacks(self) -> list[Callback]:
        given = any(isinstance(one, FiniteCheck) for one in self.trainer.callbacks)  # type: ignore[attr-defined]
        own: list[Callback] = [KeptCheckpoints(), EndCheckpoint(), EpochEnd()]
        return own if given else [FiniteCheck(), *own]

    @override
    def setup(self, stage: str) -> None:
        # Lightning's own writer leaves half a file where the disk is full.
        if type(self.trainer.strategy.checkpoint_io) is TorchCheckpointIO:
            self.trainer.strategy.checkpoint_io = WholeFiles()
        self.encoder = replace(self.encoder, half_patches=str(self.trainer.precision).startswith("bf16"))

    @override
    def configure_optimizers(self) -> OptimizerLRScheduler:
        return make_optimizer(self.policy, self.trainer, self.optimizer_factory, self.scheduler_factory)

    @override
    def on_fit_start(self) -> None:
        check_trainer(self.trainer, self.updates_per_batch)
        require_placed(self.trainer, self.policy)
        warn_of_long_rows(self.trainer, self.max_tokens_per_pass, self.max_new_tokens)

    @override
    def on_train_start(self) -> None:
        if self.policy_loader.check or not is_named(self.policy.config):
            check_forwards_once(self)
        for config in self.trainer.lr_scheduler_configs:
            if isinstance(config.scheduler, NeedsTotalSteps):
                config.scheduler.set_present_rates()

    @override
    def on_train_batch_start(self, batch: LoadedBatch[Any], batch_idx: int) -> None:
        if batch.update == 0:
            self.updates = self.prepare_updates(batch)

    @override
    def training_step(self, batch: LoadedBatch[Any], batch_idx: int) -> Float[Tensor, ""]:
        """Add up the gradients of all passes but the last, whose loss is returned for Lightning's backward pass."""
        self.speed.begin(self.device)
        self.update = self.updates[batch.update]
        *earlier, last = self.update.passes
        self.policy.zero_grad(set_to_none=True)
        for one in earlier:
            accumulate_gradients(self.trainer.strategy, self._scaled_loss(one, self.update))
        return self._scaled_loss(last, self.update)

    def _scaled_loss(self, one: Pass[Any], update: Update[Any]) -> Float[Tensor, ""]:
        """Return a pass's loss, scaled by the number of ranks, over which the strategies average gradients."""
        count = torch.tensor(update.count, dtype=torch.float32, device=self.device)
        loss, stats = update.loss_of_pass(one, count)
        self.step_log.add_sums({"train/loss": loss.detach(), **stats})
        return loss * self.trainer.world_size

    @override
    def optimizer_zero_grad(self, epoch: int, batch_idx: int, optimizer: Optimizer) -> None:
        """Do nothing: Lightning calls it after `training_step`, when gradients of all passes but the last are there."""

    @override
    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Move no parameter if there is nothing to learn from, and none that only pictures reach if there are none."""
        assert self.update is not None
        if self.update.count == 0:
            drop_step(self.trainer.strategy, optimizer)
            self.step_log.add({"train/empty_step": 1.0})
        if not self.update.learns_pictures:
            drop_picture_gradients(self.policy)

    @override
    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        """Take a step and count its tokens before callbacks write checkpoints at the batch's end."""
        super().optimizer_step(*args, **kwargs)
        self.step_log.add_sums(self.speed.end(self.policy, self.device, self.trainer.world_size))
        self.step_log.take()

    @override
    def on_train_batch_end(self, outputs: Any, batch: LoadedBatch[Any], batch_idx: int) -> None:
        # Freed here and not before the next backward pass: rollouts and validation come first.
        self.policy.zero_grad(set_to_none=True)
        for name, value in self.step_log.taken.items():
            self.log(name, value, prog_bar=name in SHOWN_IN_PROGRESS_BAR, logger=False, batch_size=len(batch))
        self.step_log.give_row(self.trainer)

    def log_with_update(self, values: Mapping[str, float]) -> None:
        """Log numbers, the same on every rank, with the coming update; for callbacks."""
        self.step_log.add(values)

    def log_with_last_update(self, values: Mapping[str, float]) -> None:
        """Log numbers of the update just taken, for callbacks at a batch's end, which come before the module's hook."""
        self.step_log.add_to_taken(values)

    def inputs(
        self,
        prompts: Sequence[EncodedPrompt],
        prompt_index: Int[Tensor, " N"],
        token_ids: Int[Tensor, "N T"],
        completion_mask: Bool[Tensor, "N T"],
        uses_vision: bool = False,
    ) -> ForwardInputs:
        """Return a forward's inputs over prompts and completions (see `forward_inputs`).

        Args:
            prompts: P prompts.
            prompt_index: each row's prompt.
            token_ids: completions, padded on the right.
            completion_mask: which of them count.
            uses_vision: compute a blank picture where no prompt has one.
        """
        pad_id = self.encoder.processor.tokenizer.pad_token_id
        inputs = forward_inputs(
            self.policy,
            PromptedRows(prompts, prompt_index, self.encoder.vision_inputs, pad_id, token_ids, completion_mask),
        )
        self.speed.add(inputs)
        if not uses_vision or any(name in self.encoder.blank for name in inputs.arguments):
            return inputs
        return replace(inputs, unused={name: value.to(self.device) for name, value in self.encoder.blank.items()})

    def always_uses_vision(self) -> bool:
        """Return whether an update's last pass must use the vision tower whatever its rows are."""
        trainable = (name for name, p in self.policy.named_parameters() if p.requires_grad)
        return self.trainer.world_size > 1 and any(part_of(self.policy, name) != "language_model" for name in trainable)

    @property
    def tokens_seen(self) -> int:
        """Tokens of the examples trained on, or of the rollouts sampled, since the run began, over resumes."""
        return self.step_log.tokens_seen

    @override
    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Have loggers write what they hold: a killed run goes on behind the checkpoint, and logs no earlier step."""
        self.step_log.give_row(self.trainer)
        for logger in self.trainer.loggers:
            logger.save()
        checkpoint["tokens_seen"] = self.tokens_seen
        # Sharded weights are written by their strategy, whole.
        if has_adapter(self.policy) and not isinstance(self.trainer.strategy, Placement):
            self._frozen = self._frozen or record_frozen(self.policy)
            leave_out(checkpoint, self._frozen)

    @override
    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.step_log.tokens_seen = checkpoint.get("tokens_seen", 0)
        put_back(checkpoint, self.policy, str(self.trainer.ckpt_path or "the checkpoint"))
        self.engine.forget()
