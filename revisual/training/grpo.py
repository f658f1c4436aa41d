"""Group-relative policy optimization, with a filter between advantages and update (ReVisual-R1 section 3.2)."""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from revisual.core.errors import UserError
from revisual.core.seeds import stable_seed
from revisual.data.loader import Pass
from revisual.data.prompt import EncodedPrompt
from revisual.data.system_prompts import REVISUAL_R1_SYSTEM_PROMPT
from revisual.grading.grader import AnswerGrader, Grader
from revisual.models.logprobs import banned_token_ids, token_logprobs
from revisual.models.lora import adapter_disabled, has_adapter
from revisual.models.policy import PolicyLoader
from revisual.models.sharding import whole_without_engine
from revisual.rewards.functions import WeightedReward
from revisual.rl.advantages import AdvantageEstimator, GroupNormalized
from revisual.rl.batch import PolicyOutputs, RolloutBatch
from revisual.rl.callbacks import RewardCallback
from revisual.rl.filters import AdvantageFilter, PrioritizedAdvantageDistillation
from revisual.rl.losses import ClippedLoss, Coefficients, PolicyLoss
from revisual.rl.schedules import Constant, Schedule
from revisual.rollout.engine import RolloutEngine, Sampling
from revisual.rollout.hf.engine import HFRollout
from revisual.training.distributed import mean_over_ranks, select_over_ranks, worst_over_ranks
from revisual.training.engine_check import NO_GAPS, ParityCheck, logprob_gaps
from revisual.training.micro_batches import cut, spare_row
from revisual.training.policy_module import OptimizerFactory, PolicyModule, SchedulerFactory
from revisual.training.prefetch import Ahead, Drawn
from revisual.training.rank_balance import evened_batch
from revisual.training.rollouts import reward_shares, rollout_stats, score_completions


@dataclass
class Generation:
    """The one setting that callbacks may move during a run; read at each rollout and saved in checkpoints."""

    group_size: int
    max_new_tokens: int


class GRPOModule(PolicyModule):
    """Rolls out when the loader hands out new prompts, then trains for `micro_batches * epochs` passes.

    `trainer.accumulate_grad_batches` passes make an optimizer step, and must divide `micro_batches`.
    Schedules (`kl`, `entropy`, the filter's temperature) count rollout steps, as the papers do.
    With `max_staleness` 1, the rollouts of a batch are drawn while the batch before it is learnt from, by an engine
    that runs apart; the loss then has to correct for weights that are one rollout step old.
    The filter chooses among the rollouts of all ranks, or with `filter_per_rank` among each one's own.
    """

    def __init__(
        self,
        policy: PolicyLoader,
        rewards: Mapping[str, WeightedReward] | None = None,
        grader: Grader | None = None,
        engine: RolloutEngine | None = None,
        advantage: AdvantageEstimator | None = None,
        filter: AdvantageFilter | None = None,
        loss: PolicyLoss | None = None,
        kl: Schedule | None = None,
        entropy: Schedule | None = None,
        optimizer: OptimizerFactory = torch.optim.AdamW,
        scheduler: SchedulerFactory | None = None,
        group_size: int = 8,
        max_new_tokens: int = 8192,
        micro_batches: int = 1,
        epochs: int = 1,
        temperature: float = 1.0,
        top_p: float = 1.0,
        validation: Mapping[str, Sampling] | None = None,
        test: Mapping[str, Sampling] | None = None,
        system_prompt: str | None = REVISUAL_R1_SYSTEM_PROMPT,
        seed: int = 0,
        parity: ParityCheck | None = None,
        filter_per_rank: bool = False,
        max_staleness: Literal[0, 1] = 0,
    ) -> None:
        super().__init__(
            policy,
            grader or AnswerGrader(),
            engine or HFRollout(),
            optimizer,
            scheduler,
            rewards,
            validation,
            test,
            system_prompt,
            max_new_tokens,
            micro_batches,
        )
        self.advantage, self.filter = advantage or GroupNormalized(), filter or PrioritizedAdvantageDistillation()
        self.loss, self.kl, self.entropy = loss or ClippedLoss(), kl or Constant(0.0), entropy or Constant(0.0)
        self.generation = Generation(group_size, max_new_tokens)
        self.filter_per_rank, self.max_staleness = filter_per_rank, max_staleness
        self._ahead = Ahead()
        self.epochs, self.seed = epochs, seed
        self.temperature, self.top_p = temperature, top_p
        self.parity, self._compared = parity or ParityCheck(), False
        self._micro: list[RolloutBatch] = []
        # In a list: a reference is no part of this module's state, nor of what a strategy shards or an optimizer sees.
        self._reference: list[nn.Module] = []

    @property
    def passes(self) -> int:  # noqa: D102
        return self.micro_batches * self.epochs

    @property
    def rollout_step(self) -> int:
        """How many rollouts there have been before the present one."""
        return self.trainer.global_step * self.trainer.accumulate_grad_batches // self.passes

    @property
    def rollout_steps(self) -> int:
        """How many rollouts the run has."""
        steps = self.trainer.estimated_stepping_batches
        if steps == float("inf"):
            raise UserError("trainer: schedules need to know how long the run is: set max_steps or max_epochs")
        return max(1, int(steps) * self.trainer.accumulate_grad_batches // self.passes)

    def configure_model(self) -> None:  # noqa: D102
        super().configure_model()
        self.banned = banned_token_ids(self.policy)
        needs_copy = self.kl != Constant(0.0) and not has_adapter(self.policy)
        if needs_copy and not self._reference:
            self._reference = [self.placed(lambda: self.loader.load_reference(self.encoder.processor))]

    def on_fit_start(self) -> None:  # noqa: D102
        super().on_fit_start()
        self._compared = False
        if self.top_p < 1 and not self.loss.corrects_sampling:
            raise UserError(
                f"model.top_p: {self.top_p} draws from a nucleus, which is not the policy's distribution; give "
                "model.loss an importance (TokenImportance or SequenceImportance), or sample with top_p 1"
            )
        if self.max_staleness and not (self.engine.is_apart and self.loss.corrects_sampling):
            raise UserError(
                "model.max_staleness: 1 draws rollouts with weights of one step before, while the policy is trained: "
                "it needs an engine that runs apart (VLLMServerRollout), and a model.loss with an importance"
            )

    def on_train_batch_start(self, batch: Pass[EncodedPrompt], batch_idx: int) -> None:  # noqa: D102
        if batch.step == 0:
            self.require_items(batch, EncodedPrompt, "PromptDataModule")
            self.roll_out(list(batch.items), batch.upcoming)

    def training_step(self, batch: Pass[EncodedPrompt], batch_idx: int) -> Float[Tensor, ""]:  # noqa: D102
        micro = self._micro[batch.step % self.micro_batches].to(self.device)
        coefficients = self.coefficients()
        outputs = self.policy_outputs(micro, entropy_gradient=coefficients.entropy != 0)
        loss, stats = self.loss(outputs, micro, self.count(batch.step), coefficients)
        return self.micro_batch_loss(batch.step, loss, stats)

    def roll_out(self, prompts: list[EncodedPrompt], upcoming: Sequence[EncodedPrompt] = ()) -> None:
        """Samples, rewards and selects; leaves the micro-batches for the passes that follow."""
        batch = self.sample(prompts, upcoming)
        is_fresh = bool((batch.policy_version == self.rollout_step).all())
        if is_fresh and self.parity.due(self.rollout_step, self._compared) and self.top_p == 1:
            self.compare_with_engine(batch)
        for callback in self.reward_callbacks():
            batch = callback.on_rollout(self.trainer, self, batch)
        self.step_log |= mean_over_ranks(rollout_stats(batch)) | reward_shares(batch)
        batch = replace(batch, advantages=self.advantage(batch.rewards, batch.valid, batch.prompt_index))
        indices, weights = self.select(batch)
        for callback in self.reward_callbacks():
            callback.on_selection(self.trainer, self, batch, indices, weights)
        per_update = self.trainer.accumulate_grad_batches
        chosen = evened_batch(batch.select(indices, weights))
        spare = spare_row(batch, self.encoder.processor.tokenizer.eos_token_id)
        parts = cut(chosen, spare, self.micro_batches, per_update)
        with self.trainer.precision_plugin.forward_context(), ExitStack() as whole:
            for reference in self._reference:
                whole.enter_context(whole_without_engine(reference))
            self._micro = [self.with_old_and_reference_logprobs(part) for part in parts]
        counts = [self.loss.count(micro) for micro in self._micro]
        pictures = [sum(len(micro.prompts[p].pictures) for p in micro.prompt_index.tolist()) for micro in self._micro]
        self.set_counts(counts * self.epochs, pictures * self.epochs)

    @torch.no_grad()
    def compare_with_engine(self, batch: RolloutBatch) -> None:
        """Logs how far the engine's log-probs of a few rollouts are from the policy's.

        Raises:
            UserError: they are out of bounds, on any rank.
        """
        self._compared = True
        valid = torch.nonzero(batch.valid)[:, 0]
        rows = valid[torch.linspace(0, len(valid) - 1, min(self.parity.rows, len(valid))).long()]
        gaps = worst_over_ranks(self.logprob_gaps(batch.select(rows, batch.weights[rows])) if len(rows) else NO_GAPS)
        self.step_log |= gaps
        self.parity.require(gaps, self.policy.dtype == torch.float32 and self.trainer.precision == "32-true")

    def logprob_gaps(self, batch: RolloutBatch) -> dict[str, float]:
        """How far the engine's log-probs are from the policy's, dropout switched off."""
        training = self.policy.training
        self.policy.eval()
        with self.trainer.precision_plugin.forward_context():
            trained = self.policy_outputs(batch).logprobs
        self.policy.train(training)
        return logprob_gaps(trained, batch.rollout_logprobs, batch.completion_mask)

    def sample(self, prompts: list[EncodedPrompt], upcoming: Sequence[EncodedPrompt] = ()) -> RolloutBatch:
        """Scored rollouts of the prompts, and with a staleness of 1 a start with the rollouts of the coming ones."""
        start, step = time.perf_counter(), self.rollout_step
        drawn = self._ahead.take(prompts)
        self.weights_to_engine()
        drawn = drawn or self.draw(prompts, step, step)
        if upcoming and step + 1 < self.rollout_steps:
            self._ahead.start(upcoming, partial(self.draw, upcoming, step + 1, step))
        batch = score_completions(prompts, drawn.completions, self.encoder, self.grader, self.rewards, drawn.version)
        took = {"rollout/seconds": time.perf_counter() - start, "tokens": float(batch.completion_mask.sum())}
        mean = mean_over_ranks(took)
        self.step_log["rollout/seconds"] = mean["rollout/seconds"]
        self.step_log["rollout/tokens"] = mean["tokens"] * self.trainer.world_size
        self.step_log["rollout/tokens_per_second"] = self.step_log["rollout/tokens"] / mean["rollout/seconds"]
        self.step_log["rollout/staleness"] = float(step - drawn.version)
        return batch

    def draw(self, prompts: Sequence[EncodedPrompt], step: int, version: int) -> Drawn:
        """Rollouts for rollout step `step`, by the weights of step `version`.

        A rollout's seed is the same on any number of ranks.
        """
        n = self.generation.group_size
        seeds = [stable_seed(self.seed, step, prompt.id, j) for prompt in prompts for j in range(n)]
        sampling = Sampling(n, self.temperature, self.top_p)
        with self.trainer.precision_plugin.forward_context():
            completions = self.engine.generate(prompts, sampling, self.generation.max_new_tokens, seeds)
        return Drawn(completions, version)

    def weights_to_engine(self) -> None:  # noqa: D102
        self._ahead.finish()
        super().weights_to_engine()

    def select(self, batch: RolloutBatch) -> tuple[Int[Tensor, " M"], Float[Tensor, " M"]]:
        """The filter's choice: rows of this rank, and their weights."""
        progress = min(1.0, self.rollout_step / max(1, self.rollout_steps - 1))
        seed = stable_seed(self.seed, "filter", self.rollout_step)
        indices, weights, stats = select_over_ranks(self.filter, batch, progress, seed, self.filter_per_rank)
        self.step_log |= stats
        return indices, weights

    def policy_outputs(
        self, batch: RolloutBatch, policy: nn.Module | None = None, entropy_gradient: bool = False
    ) -> PolicyOutputs:
        """Log-probs and entropies of the batch's completions, under the temperature and ban of the rollouts."""
        inputs = self.inputs(batch.prompts, batch.prompt_index, batch.token_ids, batch.completion_mask)
        return token_logprobs(
            policy or self.policy,
            inputs,
            batch.token_ids,
            batch.completion_mask,
            temperature=self.temperature,
            banned=self.banned,
            entropy_gradient=entropy_gradient,
        )

    @torch.no_grad()
    def with_old_and_reference_logprobs(self, batch: RolloutBatch) -> RolloutBatch:
        """Adds what the loss compares with, where it is needed.

        A single on-policy update needs no old log-probs: they are its own, held constant.
        """
        old = reference = None
        if self.passes > self.trainer.accumulate_grad_batches:
            old = self.policy_outputs(batch).logprobs
        if self._reference:
            reference = self.policy_outputs(batch, self._reference[0].to(self.device)).logprobs
        elif self.kl != Constant(0.0):
            with adapter_disabled(self.policy):
                reference = self.policy_outputs(batch).logprobs
        return replace(batch, old_logprobs=old, reference_logprobs=reference)

    def coefficients(self) -> Coefficients:
        """Of the KL and entropy terms, at this rollout step."""
        step, total = self.rollout_step, self.rollout_steps
        return Coefficients(kl=self.kl(step, total), entropy=self.entropy(step, total))

    def reward_callbacks(self) -> list[RewardCallback]:
        """Those of the trainer's callbacks that see rollouts, in the trainer's order."""
        callbacks: list[Any] = self.trainer.callbacks  # type: ignore[attr-defined]
        return [callback for callback in callbacks if isinstance(callback, RewardCallback)]

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:  # noqa: D102
        super().on_save_checkpoint(checkpoint)
        checkpoint["generation"] = asdict(self.generation)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:  # noqa: D102
        super().on_load_checkpoint(checkpoint)
        if "generation" in checkpoint:
            self.generation = Generation(**checkpoint["generation"])
