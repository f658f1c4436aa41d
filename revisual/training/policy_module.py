"""What the SFT and the GRPO module share: the policy, its optimizer, and evaluation by generating."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import torch
from jaxtyping import Bool, Float, Int
from lightning.fabric.plugins import TorchCheckpointIO
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.optim import Optimizer

from revisual.core.errors import UserError
from revisual.data.encoding import PromptEncoder
from revisual.data.loader import Pass
from revisual.data.prompt import EncodedPrompt
from revisual.grading.grader import Grader
from revisual.models.checkpoints import WholeFiles
from revisual.models.inputs import ForwardInputs, forward_inputs
from revisual.models.parts import part_of
from revisual.models.policy import PolicyLoader
from revisual.models.sharding import full_tensors
from revisual.rewards.functions import AccuracyReward, WeightedReward
from revisual.rollout.engine import RolloutEngine, Sampling
from revisual.training.distributed import sum_over_ranks
from revisual.training.lr_schedulers import NeedsTotalSteps
from revisual.training.micro_batches import counts_per_update
from revisual.training.strategies.placement import Placement
from revisual.training.validation import Answer, AnswerMeans, answer_prompts

OptimizerFactory = Callable[[Iterable[nn.Parameter]], Optimizer]
SchedulerFactory = Callable[[Optimizer], torch.optim.lr_scheduler.LRScheduler]


class PolicyModule(LightningModule):
    """A policy that is trained somehow, and validated, tested and asked by generating.

    `validation` and `test` name the ways of drawing answers that are measured; logs say
    `val/{name}/{source}/{measure}`.
    """

    def __init__(
        self,
        policy: PolicyLoader,
        grader: Grader,
        engine: RolloutEngine,
        optimizer: OptimizerFactory,
        scheduler: SchedulerFactory | None,
        rewards: Mapping[str, WeightedReward] | None,
        validation: Mapping[str, Sampling] | None,
        test: Mapping[str, Sampling] | None,
        system_prompt: str | None,
        max_new_tokens: int,
        micro_batches: int,
    ) -> None:
        super().__init__()
        self.micro_batches = micro_batches
        self.loader = policy
        self.encoder = PromptEncoder(policy.load_processor(), system_prompt)
        self.grader, self.engine = grader, engine
        self.rewards = dict(rewards or {"accuracy": WeightedReward(AccuracyReward())})
        self.samplings = {"val": dict(validation or {"greedy": Sampling(temperature=0.0)}), "test": dict(test or {})}
        self.samplings["test"] = self.samplings["test"] or self.samplings["val"]
        self.max_new_tokens = max_new_tokens
        self.optimizer_factory, self.scheduler_factory = optimizer, scheduler
        self.means = AnswerMeans()
        self.step_log: dict[str, float] = {}
        """What the coming optimizer step logs; the same on every rank."""
        self.step_sums: dict[str, float] = {}
        """What it logs as sums over its passes and all ranks."""
        self.tokens_seen = 0
        """Tokens of the examples trained on, or of the rollouts sampled, since the run began."""
        self._pass = 0
        self._engine_step: int | None = None
        self.policy: Any = None

    @property
    def passes(self) -> int:
        """How many training passes the loader hands each batch out for."""
        return self.micro_batches

    def configure_model(self) -> None:  # noqa: D102
        if self.policy is None:
            self.policy = self.placed(lambda: self.loader.load(self.encoder.processor))
            self.policy.train()  # transformers loads in evaluation mode, where gradient checkpointing is silently off
            self.engine.attach(self.policy, self.encoder)

    def placed(self, load: Callable[[], nn.Module]) -> nn.Module:
        """What `load` gives, as the strategy spreads it over processes."""
        strategy = self.trainer.strategy if self._trainer else None
        return strategy.place(load) if isinstance(strategy, Placement) else load()

    def setup(self, stage: str) -> None:
        """Has checkpoints appear whole: Lightning's leaves half a file where the disk is full."""
        if type(self.trainer.strategy.checkpoint_io) is TorchCheckpointIO:
            self.trainer.strategy.checkpoint_io = WholeFiles()

    def configure_optimizers(self) -> OptimizerLRScheduler:  # noqa: D102
        optimizer = self.optimizer_factory(p for p in self.policy.parameters() if p.requires_grad)
        if self.scheduler_factory is None:
            return optimizer
        scheduler = self.scheduler_factory(optimizer)
        if isinstance(scheduler, NeedsTotalSteps):
            # Asked for when the first step is taken: reading it here would build the loaders before their position
            # is restored, and a resumed run would start its data again.
            scheduler.total_steps = lambda: int(self.trainer.estimated_stepping_batches)
        return cast(
            OptimizerLRScheduler,
            {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}},
        )

    def weights_to_engine(self) -> None:
        """Gives the engine the policy's weights, if they have changed since it last got them, or it lost them."""
        if self._engine_step != self.trainer.global_step or self.engine.needs_weights:
            self.engine.load_weights(full_tensors(self.policy))
            self._engine_step = self.trainer.global_step

    def on_fit_start(self) -> None:
        """Checks what the normalizers rest on.

        Raises:
            UserError: an optimizer step would hold more, or other, passes than those over one batch, or a checkpoint
                would be written between two optimizer steps over one batch, where a run cannot go on.
        """
        accumulated = self.trainer.accumulate_grad_batches
        if self.micro_batches % accumulated:
            raise UserError(
                f"trainer.accumulate_grad_batches: {accumulated} does not divide model.micro_batches, "
                f"{self.micro_batches}: an optimizer step is so many of a batch's micro-batches"
            )
        steps = self.passes // accumulated
        for checkpoint in self.trainer.checkpoint_callbacks:
            every = getattr(checkpoint, "_every_n_train_steps", 0)
            if steps > 1 and getattr(checkpoint, "_train_time_interval", None) is not None:
                raise UserError(
                    f"ModelCheckpoint: train_time_interval may fall between two of the {steps} optimizer steps over "
                    "one batch, where a run cannot go on: use every_n_train_steps"
                )
            if every % steps:
                raise UserError(
                    f"ModelCheckpoint: every_n_train_steps is {every}, no multiple of the {steps} optimizer steps over "
                    f"one batch ({self.passes} passes / accumulate_grad_batches {accumulated})"
                )

    def require_items(self, batch: Pass[Any], kind: type, data: str) -> None:
        """Checks what the data module hands out.

        Raises:
            UserError: it is made for another module.
        """
        if not isinstance(batch.items[0], kind):
            raise UserError(
                f"{type(self).__name__} learns from {data}'s batches; the given data module hands out "
                f"{type(batch.items[0]).__name__}s, not {kind.__name__}s"
            )

    def on_train_start(self) -> None:  # noqa: D102
        for config in self.trainer.lr_scheduler_configs:
            if isinstance(config.scheduler, NeedsTotalSteps):
                config.scheduler.set_present_rates()

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        """Leaves a batch where it is: prompts are shared by many rows, which go to the device when they are padded."""
        return batch

    def inputs(
        self,
        prompts: Sequence[EncodedPrompt],
        prompt_index: Int[Tensor, " N"],
        token_ids: Int[Tensor, "N T"],
        completion_mask: Bool[Tensor, "N T"],
    ) -> ForwardInputs:
        """A forward over prompts and completions (see `forward_inputs`)."""
        pad_id = self.encoder.processor.tokenizer.pad_token_id
        inputs = forward_inputs(
            self.policy, prompts, prompt_index, self.encoder.vision_inputs, pad_id, token_ids, completion_mask
        )
        shown = {name for name in inputs.arguments if name in self.encoder.blank}
        if self.trainer.world_size == 1 or shown:
            return inputs
        blank = {name: value.to(self.device) for name, value in self.encoder.blank.items()}
        return replace(inputs, unused=blank)

    def set_counts(self, counts: Sequence[Float[Tensor, ""]], pictures: Sequence[int]) -> None:
        """Sets the normalizers of the coming passes from each pass's own count and number of pictures."""
        accumulated = self.trainer.accumulate_grad_batches
        self._counts = counts_per_update([c.to(self.device) for c in counts], accumulated)
        self._pictures = counts_per_update([torch.tensor(float(p), device=self.device) for p in pictures], accumulated)

    def count(self, step: int) -> Float[Tensor, ""]:
        """The normalizer of pass `step`: the count of its whole optimizer step, over all ranks."""
        return self._counts[step // self.trainer.accumulate_grad_batches]

    def micro_batch_loss(self, step: int, loss: Float[Tensor, ""], stats: Mapping[str, Tensor]) -> Float[Tensor, ""]:
        """Notes the step's statistics, and scales a share of the step's loss such that the gradient is the step's.

        Lightning divides by the number of accumulated passes, and the strategies average over ranks.
        """
        self._pass = step
        for name, value in {"train/loss": loss.detach(), **stats}.items():
            self.step_sums[name] = self.step_sums.get(name, 0.0) + float(value)
        return loss * self.trainer.accumulate_grad_batches * self.trainer.world_size

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """With nothing to learn from, no parameter moves: without a gradient, neither momentum nor decay acts."""
        if self.count(self._pass) == 0:
            if isinstance(self.trainer.strategy, Placement):
                self.trainer.strategy.drop_step(optimizer)
            else:
                optimizer.zero_grad(set_to_none=True)
            self.step_log["train/empty_step"] = 1.0
        if self._pictures[self._pass // self.trainer.accumulate_grad_batches] == 0:  # on any rank
            for name, parameter in self.policy.named_parameters():
                if part_of(name) != "language_model":
                    parameter.grad = None

    def on_train_batch_end(self, outputs: Any, batch: Pass[Any], batch_idx: int) -> None:  # noqa: D102
        if (batch.step + 1) % self.trainer.accumulate_grad_batches:
            return
        # Not only before the next backward pass, as Lightning does: rollouts and validation come first.
        self.policy.zero_grad(set_to_none=True)
        shown = ("train/loss", "reward/mean", "rollout/tokens_per_second")
        logged = {**self.step_log, **sum_over_ranks(self.step_sums)}
        self.tokens_seen += int(logged.get("train/tokens", 0) + logged.get("rollout/tokens", 0))
        for name, value in logged.items():
            self.log(name, value, prog_bar=name in shown, batch_size=len(batch))
        self.step_log, self.step_sums = {}, {}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:  # noqa: D102
        checkpoint["tokens_seen"] = self.tokens_seen

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:  # noqa: D102
        self.tokens_seen = checkpoint.get("tokens_seen", 0)
        self._engine_step = None

    def answers(self, prompts: list[EncodedPrompt], stage: str) -> list[Answer]:
        """Graded answers to the prompts, drawn in every way that `stage` measures."""
        self.weights_to_engine()
        return [
            answer
            for name, sampling in self.samplings[stage].items()
            for answer in answer_prompts(
                prompts, name, sampling, self.max_new_tokens, self.engine, self.encoder, self.grader, self.rewards
            )
        ]

    def validation_step(self, batch: Pass[EncodedPrompt], batch_idx: int) -> list[Answer]:  # type: ignore[override]  # noqa: D102
        answers = self.answers(list(batch.items), "val")
        self.means.update(answers)
        return answers

    def test_step(self, batch: Pass[EncodedPrompt], batch_idx: int) -> list[Answer]:  # type: ignore[override]  # noqa: D102
        answers = self.answers(list(batch.items), "test")
        self.means.update(answers)
        return answers

    def predict_step(self, batch: Pass[EncodedPrompt], batch_idx: int) -> list[Answer]:  # noqa: D102
        return self.answers(list(batch.items), "test")

    def on_validation_epoch_end(self) -> None:  # noqa: D102
        self._log_means("val")

    def on_test_epoch_end(self) -> None:  # noqa: D102
        self._log_means("test")

    def _log_means(self, stage: str) -> None:
        means = {f"{stage}/{name}": value for name, value in self.means.compute().items()}
        self.means.reset()
        self.log_dict(means)
        if self.trainer.sanity_checking:  # Lightning keeps this pass to itself; it is the measurement before step 1
            for logger in self.trainer.loggers:
                logger.log_metrics(means, step=0)
