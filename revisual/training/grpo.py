"""Group-relative policy optimization, with a filter between advantages and update (ReVisual-R1 section 3.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Literal

import torch
from typing_extensions import override

from revisual.core.errors import UserError
from revisual.core.ranges import Count, PositiveInt, Seed, check_ranges
from revisual.core.seeds import stable_seed
from revisual.data.loader import LoadedBatch
from revisual.data.prompt import EncodedPrompt
from revisual.data.system_prompts import REVISUAL_R1_SYSTEM_PROMPT
from revisual.grading.grader import AnswerGrader, Grader
from revisual.models.attention import shares_prompts
from revisual.models.lora import has_adapter
from revisual.models.policy import PolicyLoader
from revisual.models.precision import compute_dtype
from revisual.rewards.functions import WeightedReward, default_rewards
from revisual.rl.advantages import AdvantageEstimator, GroupNormalized
from revisual.rl.batch import RolloutBatch
from revisual.rl.callbacks import RewardCallback
from revisual.rl.filters import AdvantageFilter, KeepAll
from revisual.rl.filters.over_ranks import select_over_ranks
from revisual.rl.losses import ClippedLoss, PolicyLoss
from revisual.rl.schedules import CoefficientSchedules, Schedule
from revisual.rollout.engine import RolloutEngine
from revisual.rollout.hf.engine import HFRollout
from revisual.training.dynamic_sampling import draw_until_informative
from revisual.training.engine_check import EngineCheck
from revisual.training.fit_checks import check_items
from revisual.training.grpo_checks import check_settings
from revisual.training.optimizers import OptimizerFactory, SchedulerFactory
from revisual.training.policy_engine import PolicyEngine
from revisual.training.policy_module import PolicyModule
from revisual.training.rank_balance import rebalance_rollouts
from revisual.training.reference import Reference
from revisual.training.rollout_loss import RolloutLoss, add_fixed_logprobs
from revisual.training.rollouts import paid_stats, reward_shares, rollout_stats, score_completions
from revisual.training.sampler import RolloutSampler
from revisual.training.scoring import compare_with_engine
from revisual.training.settings import EvalSampling, RolloutSampling
from revisual.training.update import Update, agree_on_updates, cut_rollouts, spare_rollout
from revisual.training.validation import Evaluation


class GRPOModule(PolicyModule):
    """Sample, reward, estimate advantages, filter, and learn in `updates_per_rollout` optimizer steps.

    All schedules count rollout steps, as the papers do.

    Args:
        policy: where the policy comes from.
        rewards: what is paid, by name, with weights; by default accuracy alone.
        grader: decides which answers are right; by default `AnswerGrader`.
        engine: draws rollouts and answers; by default `HFRollout`.
        sampling: how rollouts are drawn; by default 8 of each prompt, of at most 8,192 tokens, at temperature 1.
        advantage: from rewards to advantages; by default `GroupNormalized`.
        advantage_filter: which rollouts are learned from; by default `KeepAll`, plain GRPO.
        filter_per_rank: let each rank choose among its own rollouts, and not among those of all.
        loss: the policy's loss; by default `ClippedLoss`.
        kl_coef: schedule of the KL term's coefficient; by default 0, without a reference.
        entropy_coef: schedule of the entropy bonus's coefficient; by default 0.
        optimizer: makes the optimizer from the trainable parameters; by default torch's AdamW as it is, whose learning
            rate of 1e-3 is one for tiny policies.
        scheduler: makes the schedule of its learning rate; null: constant.
        updates_per_rollout: optimizer steps over the rollouts of a batch.
        num_iterations: how often each rollout is learned from; the rollouts of a batch are divided among
            updates_per_rollout / num_iterations optimizer steps.
        max_tokens_per_pass: most tokens in a forward and backward pass, a group's prompt once; how many passes an
            update takes follows, and is equal on all ranks.
        eval_sampling: how answers are drawn in validation, test and predict; by default the most probable tokens.
        system_prompt: opens every conversation; null: none.
        seed: of rollouts and filter; linked to `seed_everything`.
        engine_check: how often, and within which bounds, engine and trainer are compared; by default at the start and
            every 50 rollout steps.
        max_staleness: 0: rollouts are drawn with the weights that learn from them first. 1: those of a batch are drawn
            while the batch before it is learned from, by an engine that runs concurrently; the loss then has to correct
            for weights that are one rollout step old.
    """

    def __init__(
        self,
        policy: PolicyLoader,
        rewards: Mapping[str, WeightedReward] | None = None,
        grader: Grader | None = None,
        engine: RolloutEngine | None = None,
        sampling: RolloutSampling | None = None,
        advantage: AdvantageEstimator | None = None,
        advantage_filter: AdvantageFilter | None = None,
        filter_per_rank: bool = False,
        loss: PolicyLoss | None = None,
        kl_coef: Schedule | None = None,
        entropy_coef: Schedule | None = None,
        optimizer: OptimizerFactory = torch.optim.AdamW,
        scheduler: SchedulerFactory | None = None,
        updates_per_rollout: Count = 1,
        num_iterations: Count = 1,
        max_tokens_per_pass: PositiveInt = 16_384,
        eval_sampling: EvalSampling | None = None,
        system_prompt: str | None = REVISUAL_R1_SYSTEM_PROMPT,
        seed: Seed = 0,
        engine_check: EngineCheck | None = None,
        max_staleness: Literal[0, 1] = 0,
    ) -> None:
        sampling, measured = sampling or RolloutSampling(), eval_sampling or EvalSampling()
        limit = measured.max_new_tokens or sampling.max_new_tokens
        super().__init__(
            policy=policy,
            engine=PolicyEngine(engine or HFRollout()),
            evaluation=Evaluation(measured, grader or AnswerGrader(), rewards or default_rewards(), limit),
            optimizer=optimizer,
            scheduler=scheduler,
            system_prompt=system_prompt,
            max_tokens_per_pass=max_tokens_per_pass,
        )
        self.sampling = sampling
        """Callbacks may replace it between rollouts; checkpoints hold it."""
        self.advantage = advantage or GroupNormalized()
        self.advantage_filter, self.filter_per_rank = advantage_filter or KeepAll(), filter_per_rank
        self.loss, self.coefficients = loss or ClippedLoss(), CoefficientSchedules(kl_coef, entropy_coef)
        self.updates_per_rollout, self.num_iterations = updates_per_rollout, num_iterations
        self.seed, self.max_staleness = seed, max_staleness
        self.engine_check, self.reference = engine_check or EngineCheck(), Reference()
        check_ranges(self)
        check_settings(self)

    @property
    @override
    def updates_per_batch(self) -> int:
        return self.updates_per_rollout

    @property
    @override
    def max_new_tokens(self) -> int:
        return self.sampling.max_new_tokens

    @property
    @override
    def looks_ahead(self) -> bool:
        return self.max_staleness > 0

    @property
    def rollout_step(self) -> int:
        """The number of rollout steps before the present one."""
        return self.trainer.global_step // self.updates_per_rollout

    @property
    def rollout_steps(self) -> int:
        """The run's number of rollout steps."""
        steps = self.trainer.estimated_stepping_batches
        if steps == float("inf"):
            raise UserError("trainer: schedules need to know how long the run is: set max_steps or max_epochs")
        return max(1, int(steps) // self.updates_per_rollout)

    @property
    def uses_reference(self) -> bool:
        """Whether the run asks the policy that it began from, for its loss or its rewards."""
        callbacks = self.reward_callbacks() if self._trainer else []
        return self.coefficients.uses_reference or any(callback.needs_reference for callback in callbacks)

    @override
    def configure_model(self) -> None:
        super().configure_model()
        if self.uses_reference and not has_adapter(self.policy) and self.reference.copy is None:
            dtype = compute_dtype(str(self._trainer.precision)) if self._trainer else None
            self.reference.copy = self.place(lambda: self.policy_loader.load_reference(self.encoder.processor, dtype))

    @override
    def prepare_updates(self, batch: LoadedBatch[EncodedPrompt]) -> Sequence[Update[RolloutBatch]]:
        """Take a rollout step: sample, reward, estimate advantages, filter, and cut what is kept into updates."""
        check_items(self, batch, EncodedPrompt, "PromptDataModule")
        rollouts = self.sample(batch)
        compare_with_engine(self, rollouts)
        rollouts = self.reward(rollouts)
        advantages = self.advantage(rollouts.rewards, rollouts.valid, rollouts.prompt_index)
        selected = self.select(replace(rollouts, advantages=advantages))
        updates = self.cut(rebalance_rollouts(selected), spare=rollouts)
        return [add_fixed_logprobs(self, update) for update in updates] * self.num_iterations

    def sample(self, batch: LoadedBatch[EncodedPrompt]) -> RolloutBatch:
        """Draw the rollouts of a batch of prompts, and grade and score them."""
        sampler = RolloutSampler(self.engine, self.trainer.precision_plugin.forward_context, self.seed)
        upcoming = batch.upcoming if self.rollout_step + 1 < self.rollout_steps else ()
        grader, rewards = self.evaluation.grader, self.evaluation.rewards

        def draw(prompts: Sequence[EncodedPrompt]) -> tuple[RolloutBatch, Mapping[str, float]]:
            drawn, stats = sampler(prompts, upcoming, self.sampling, self.rollout_step, self.trainer.global_step)
            return score_completions(prompts, drawn.completions, self.encoder, grader, rewards, drawn.version), stats

        prompts, wanted = list(batch.items), self.sampling.informative_groups
        rollouts, stats = draw_until_informative(draw, prompts, wanted) if wanted else draw(prompts)
        self.step_log.add(stats)
        return rollouts

    def reward(self, rollouts: RolloutBatch) -> RolloutBatch:
        """Let callbacks add reward terms, and log what there is."""
        for callback in self.reward_callbacks():
            rollouts = callback.on_rollout(self.trainer, self, rollouts)
        self.step_log.add(rollout_stats(rollouts) | paid_stats(rollouts) | reward_shares(rollouts))
        return rollouts

    def select(self, rollouts: RolloutBatch) -> RolloutBatch:
        """Keep what the filter chooses among the rollouts of all ranks."""
        progress = min(1.0, self.rollout_step / max(1, self.rollout_steps - 1))
        seed = stable_seed(self.seed, "filter", self.rollout_step)
        chosen = select_over_ranks(self.advantage_filter, rollouts, progress, seed, self.filter_per_rank)
        self.step_log.add(chosen.stats)
        for callback in self.reward_callbacks():
            callback.on_selection(self.trainer, self, rollouts, *chosen.selection)
        return rollouts.select(*chosen.selection)

    def cut(self, selected: RolloutBatch, spare: RolloutBatch) -> list[Update[RolloutBatch]]:
        """Divide rollouts among updates, and these into passes that all ranks go through together."""
        parts = self.updates_per_rollout // self.num_iterations
        shared = shares_prompts(self.policy)
        micro_batches = cut_rollouts(selected, self.loss, parts, self.max_tokens_per_pass, shared)
        row = spare_rollout(spare, self.encoder.processor.tokenizer.eos_token_id)
        loss = RolloutLoss(self, self.coefficients(self.rollout_step, self.rollout_steps))
        return agree_on_updates(micro_batches, loss, row, self.always_uses_vision())

    def reward_callbacks(self) -> list[RewardCallback]:
        """Return those of the trainer's callbacks that see rollouts, in the trainer's order."""
        callbacks: list[Any] = self.trainer.callbacks  # type: ignore[attr-defined]
        return [callback for callback in callbacks if isinstance(callback, RewardCallback)]

    @override
    def on_fit_start(self) -> None:
        super().on_fit_start()
        self.engine.checked = False

    @override
    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_save_checkpoint(checkpoint)
        checkpoint["sampling"] = asdict(self.sampling)

    @override
    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_load_checkpoint(checkpoint)
        held = checkpoint.get("sampling") or checkpoint.get("generation", {})
        moved = {name: held[name] for name in ("group_size", "max_new_tokens") if name in held}
        self.sampling = replace(self.sampling, **moved)
