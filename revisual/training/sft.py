"""Supervised fine-tuning: the cold start."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from typing_extensions import override

from revisual.core.distributed import all_sum
from revisual.core.ranges import PositiveInt
from revisual.data.loader import LoadedBatch
from revisual.data.prompt import EncodedPrompt
from revisual.data.sft import Example, make_example
from revisual.data.system_prompts import REVISUAL_R1_SYSTEM_PROMPT
from revisual.grading.grader import AnswerGrader, Grader
from revisual.models.logprobs import token_logprobs
from revisual.models.policy import PolicyLoader
from revisual.rewards.functions import WeightedReward, default_rewards
from revisual.rollout.engine import RolloutEngine
from revisual.rollout.hf.engine import HFRollout
from revisual.training.fit_checks import check_items
from revisual.training.optimizers import OptimizerFactory, SchedulerFactory
from revisual.training.packing import pack
from revisual.training.policy_engine import PolicyEngine
from revisual.training.policy_module import PolicyModule
from revisual.training.rank_balance import rebalance_over_ranks
from revisual.training.settings import EvalSampling
from revisual.training.update import MicroBatch, Pass, Update, agree_on_updates, spare_prompt
from revisual.training.validation import Answer, Evaluation

MAX_NEW_TOKENS = 1024
"""Most tokens of an answer that is measured, where `eval_sampling` does not say."""


@dataclass(frozen=True)
class Examples:
    """The rows of a pass."""

    rows: Sequence[Example]
    weight: float = 1.0
    """0: a pass that only other ranks have rows for."""


class SFTModule(PolicyModule):
    """Cross-entropy on the responses only (ReVisual-R1 section 3, stage 1).

    The loss of an update is the mean over the response tokens of all its passes and ranks.

    Args:
        policy: where the policy comes from.
        grader: decides which answers are right in validation; by default `AnswerGrader`.
        engine: draws answers in validation; by default `HFRollout`.
        optimizer: makes the optimizer from the trainable parameters; by default torch's AdamW as it is, whose learning
            rate of 1e-3 is one for tiny policies.
        scheduler: makes the schedule of its learning rate; null: constant.
        rewards: measured in validation, by name; by default accuracy alone.
        eval_sampling: how answers are drawn in validation, test and predict; by default the most probable tokens.
        system_prompt: opens every conversation; null: none.
        max_tokens_per_pass: most tokens in a forward and backward pass; how many passes an update takes follows.
    """

    def __init__(
        self,
        policy: PolicyLoader,
        grader: Grader | None = None,
        engine: RolloutEngine | None = None,
        optimizer: OptimizerFactory = torch.optim.AdamW,
        scheduler: SchedulerFactory | None = None,
        rewards: Mapping[str, WeightedReward] | None = None,
        eval_sampling: EvalSampling | None = None,
        system_prompt: str | None = REVISUAL_R1_SYSTEM_PROMPT,
        max_tokens_per_pass: PositiveInt = 16_384,
    ) -> None:
        sampling = eval_sampling or EvalSampling()
        super().__init__(
            policy=policy,
            engine=PolicyEngine(engine or HFRollout()),
            evaluation=Evaluation(
                sampling,
                grader or AnswerGrader(),
                rewards or default_rewards(),
                sampling.max_new_tokens or MAX_NEW_TOKENS,
            ),
            optimizer=optimizer,
            scheduler=scheduler,
            system_prompt=system_prompt,
            max_tokens_per_pass=max_tokens_per_pass,
        )
        self._val_loss = self._val_tokens = 0.0  # of this rank, and of all

    @override
    def prepare_updates(self, batch: LoadedBatch[Example]) -> Sequence[Update[Examples]]:
        check_items(self, batch, Example, "SFTDataModule")
        return self._cut(batch.items)

    def _cut(self, given: Sequence[Example]) -> list[Update[Examples]]:
        """Return an update over examples, in passes that all ranks go through together."""
        items = rebalance_over_ranks(given, [tokens(example) for example in given])
        prompts, responses = [len(e.prompt.token_ids) for e in items], [len(e.response_ids) for e in items]
        parts = pack([[row] for row in range(len(items))], prompts, responses, self.max_tokens_per_pass)
        micro_batches = [
            MicroBatch(
                Examples([items[row] for row in part]),
                count=float(sum(responses[row] for row in part)),
                has_pictures=any(items[row].prompt.pictures for row in part),
            )
            for part in parts
        ]
        token = self.encoder.processor.tokenizer.eos_token_id
        spare = Examples([Example(spare_prompt(token), torch.tensor([token]))], weight=0.0)
        return agree_on_updates([micro_batches], self.loss_of_pass, spare, self.always_uses_vision())

    def loss_of_pass(
        self, one: Pass[Examples], count: Float[Tensor, ""]
    ) -> tuple[Float[Tensor, ""], Mapping[str, Tensor]]:
        """Return a pass's share of the loss on its responses, normalized by `count`, and the tokens trained on."""
        examples = one.rows.rows
        token_ids, mask = (each.to(self.device) for each in pad_responses(examples))
        rows = torch.arange(len(examples))
        inputs = self.inputs([e.prompt for e in examples], rows, token_ids, mask, one.uses_vision)
        logprobs = token_logprobs(self.policy, inputs, token_ids, mask).logprobs
        trained = torch.tensor(float(sum(map(tokens, examples))) * one.rows.weight)
        return -logprobs.sum() * one.rows.weight / count, {"train/tokens": trained}

    @override
    def validation_step(self, batch: LoadedBatch[EncodedPrompt], batch_idx: int) -> list[Answer]:  # type: ignore[override]
        self._measure_loss(batch)
        return super().validation_step(batch, batch_idx)

    def _measure_loss(self, batch: LoadedBatch[EncodedPrompt]) -> None:
        """Add up the loss on the responses that a batch's samples teach."""
        data: Any = getattr(self.trainer, "datamodule", None)
        template: str | None = getattr(data, "response_template", None)
        if template is None:
            return
        made = [make_example(prompt, self.encoder, template) for prompt in batch.items]
        known = [one for one in made if one is not None and len(one.response_ids) <= data.max_response_tokens]
        (update,) = self._cut(known)
        count = torch.ones((), device=self.device)
        loss = sum(float(self.loss_of_pass(one, count)[0]) for one in update.passes) if update.count else 0.0
        self._val_loss += loss
        self._val_tokens += update.count

    @override
    def on_validation_epoch_end(self) -> None:
        super().on_validation_epoch_end()
        loss = all_sum({"loss": self._val_loss})["loss"]
        if self._val_tokens:
            self.log_measured({"val/loss": loss / self._val_tokens})
        self._val_loss = self._val_tokens = 0.0


def tokens(example: Example) -> int:
    """Return the number of tokens of prompt and response."""
    return len(example.prompt.token_ids) + len(example.response_ids)


def pad_responses(examples: Sequence[Example]) -> tuple[Int[Tensor, "N T"], Bool[Tensor, "N T"]]:
    """Return response tokens, padded on the right, and their mask."""
    rows = [example.response_ids for example in examples]
    token_ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    lengths = torch.tensor([len(row) for row in rows])
    return token_ids, torch.arange(token_ids.shape[1]) < lengths[:, None]
