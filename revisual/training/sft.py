"""Supervised fine-tuning: the cold start."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from revisual.core.errors import UserError
from revisual.data.loader import Pass
from revisual.data.sft import Example
from revisual.data.system_prompts import REVISUAL_R1_SYSTEM_PROMPT
from revisual.grading.grader import AnswerGrader, Grader
from revisual.models.logprobs import token_logprobs
from revisual.models.policy import PolicyLoader
from revisual.rewards.functions import WeightedReward
from revisual.rollout.engine import RolloutEngine, Sampling
from revisual.rollout.hf.engine import HFRollout
from revisual.training.micro_batches import balanced
from revisual.training.policy_module import OptimizerFactory, PolicyModule, SchedulerFactory
from revisual.training.rank_balance import evened


class SFTModule(PolicyModule):
    """Cross-entropy on the responses only (ReVisual-R1 section 3, stage 1).

    The loss of an optimizer step is the mean over the response tokens of all its micro-batches and ranks.
    """

    def __init__(
        self,
        policy: PolicyLoader,
        grader: Grader | None = None,
        engine: RolloutEngine | None = None,
        optimizer: OptimizerFactory = torch.optim.AdamW,
        scheduler: SchedulerFactory | None = None,
        rewards: Mapping[str, WeightedReward] | None = None,
        validation: Mapping[str, Sampling] | None = None,
        test: Mapping[str, Sampling] | None = None,
        system_prompt: str | None = REVISUAL_R1_SYSTEM_PROMPT,
        max_new_tokens: int = 1024,
        micro_batches: int = 1,
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
        self._micro: list[Sequence[Example]] = []

    def on_train_batch_start(self, batch: Pass[Example], batch_idx: int) -> None:  # noqa: D102
        if batch.step == 0:
            self.require_items(batch, Example, "SFTDataModule")
            tokens = [len(e.prompt.token_ids) + len(e.response_ids) for e in batch.items]
            items = evened(batch.items, tokens, at_least=self.micro_batches)
            costs = [len(e.prompt.token_ids) for e in items], [len(e.response_ids) for e in items]
            parts = balanced([[i] for i in range(len(items))], costs, self.micro_batches)
            self._micro = [[items[i] for i in part] for part in parts]
            if not all(self._micro):
                raise UserError(f"model.micro_batches: {self.micro_batches} is more than data.batch_size, {len(batch)}")
            counts = [torch.tensor(float(sum(len(e.response_ids) for e in part))) for part in self._micro]
            self.set_counts(counts, [sum(len(e.prompt.pictures) for e in part) for part in self._micro])

    def training_step(self, batch: Pass[Example], batch_idx: int) -> Float[Tensor, ""]:  # noqa: D102
        examples = self._micro[batch.step]
        token_ids, mask = padded_responses(examples)
        token_ids, mask = token_ids.to(self.device), mask.to(self.device)
        inputs = self.inputs([e.prompt for e in examples], torch.arange(len(examples)), token_ids, mask)
        logprobs = token_logprobs(self.policy, inputs, token_ids, mask).logprobs
        tokens = mask.sum() + sum(len(e.prompt.token_ids) for e in examples)
        loss = -logprobs.sum() / self.count(batch.step)
        return self.micro_batch_loss(batch.step, loss, {"train/tokens": tokens})


def padded_responses(examples: Sequence[Example]) -> tuple[Int[Tensor, "N T"], Bool[Tensor, "N T"]]:
    """Response tokens [N, T], padded on the right, and their mask."""
    rows = [example.response_ids for example in examples]
    token_ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    lengths = torch.tensor([len(row) for row in rows])
    return token_ids, torch.arange(token_ids.shape[1]) < lengths[:, None]
