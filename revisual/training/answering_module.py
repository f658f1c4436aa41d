"""A policy that answers: the part of a module that validation, test and predict need."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, cast

import torch
from lightning.pytorch import LightningModule
from torch import nn
from typing_extensions import override

from revisual.data.encoding import PromptEncoder
from revisual.data.loader import LoadedBatch
from revisual.data.prompt import EncodedPrompt
from revisual.data.prompting import Prompting
from revisual.models.policy import PolicyLoader
from revisual.rollout.engine import Sampling
from revisual.training.policy_engine import PolicyEngine
from revisual.training.strategies.placement import Placement
from revisual.training.validation import Answer, AnswerMeans, Evaluation


class AnsweringModule(LightningModule):
    """A policy with an engine that draws its answers, which are graded and averaged.

    Args:
        policy: where the policy comes from.
        engine: draws answers.
        evaluation: how answers are drawn and graded that are measured.
        system_prompt: opens every conversation; null: none.
    """

    def __init__(
        self, policy: PolicyLoader, engine: PolicyEngine, evaluation: Evaluation, system_prompt: str | None
    ) -> None:
        super().__init__()
        self.policy_loader, self.policy = policy, cast(Any, None)
        self.encoder = PromptEncoder(
            policy.load_processor(),
            system_prompt,
            pictures=policy.pictures(),
            chat_template_kwargs=policy.chat_template_kwargs,
        )
        self.engine, self.evaluation, self.answer_means = engine, evaluation, AnswerMeans()
        self._validation = ExitStack()  # during which the engine stays awake

    @property
    def max_new_tokens(self) -> int:
        """Most tokens that rollouts add to the data's."""
        return 0

    @property
    def prompting(self) -> Prompting:
        """How the policy is asked here: what its export tells those who ask it later."""
        data = getattr(self._trainer, "datamodule", None)
        way = next(iter(self.evaluation.sampling.of_stage("val").values()), Sampling(temperature=0.0))
        return Prompting(
            self.encoder.system_prompt,
            getattr(data, "response_template", None),
            getattr(self.policy_loader, "min_pixels", None),
            getattr(self.policy_loader, "max_pixels", None),
            way.temperature,
            way.top_p,
            way.top_k,
            dict(self.encoder.chat_template_kwargs),
        ).following(getattr(self.policy_loader, "path", None))

    @override
    def configure_model(self) -> None:
        if self.policy is None:
            self.policy = self.place(lambda: self.policy_loader.load(self.encoder.processor))
            self.policy.train()  # transformers loads in evaluation mode, where gradient checkpointing is silently off
            self.engine.attach(self.policy, self.encoder)
            prompt = getattr(getattr(self._trainer, "datamodule", None), "max_prompt_tokens", None)
            if prompt is not None:
                self.engine.require_length(prompt + max(self.max_new_tokens, self.evaluation.max_new_tokens))

    def place(self, load: Callable[[], nn.Module]) -> nn.Module:
        """Return what `load` gives, as the strategy spreads it over processes."""
        strategy = self.trainer.strategy if self._trainer else None
        return strategy.place(load) if isinstance(strategy, Placement) else load()

    @override
    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        return batch  # prompts are shared by many rows, which go to the device when a forward's inputs are made

    @override
    def on_validation_epoch_start(self) -> None:
        self._validation.enter_context(self.engine.stay_awake())

    def answers(self, batch: LoadedBatch[EncodedPrompt], stage: str) -> list[Answer]:
        """Return graded answers to the prompts, drawn in every way that `stage` measures."""
        with self.engine.stay_awake():  # for all samplings; an engine that sleeps in between may lose its weights
            self.engine.sync(self.trainer.global_step)
            answers = self.evaluation.answer(list(batch.items), stage, self.engine.engine, self.encoder)
        self.answer_means.update(answers)
        return answers

    @override
    def validation_step(self, batch: LoadedBatch[EncodedPrompt], batch_idx: int) -> list[Answer]:  # type: ignore[override]
        return self.answers(batch, "val")

    @override
    def test_step(self, batch: LoadedBatch[EncodedPrompt], batch_idx: int) -> list[Answer]:  # type: ignore[override]
        return self.answers(batch, "test")

    @override
    def predict_step(self, batch: LoadedBatch[EncodedPrompt], batch_idx: int) -> list[Answer]:
        return self.answers(batch, "test")

    @override
    def on_validation_epoch_end(self) -> None:
        self._validation.close()
        self._log_means("val")

    @override
    def on_test_epoch_end(self) -> None:
        self._log_means("test")

    def _log_means(self, stage: str) -> None:
        means = {f"{stage}/{name}": value for name, value in self.answer_means.compute().items()}
        self.answer_means.reset()
        self.log_measured(means)

    def log_measured(self, means: Mapping[str, float]) -> None:
        """Log what was measured at a validation's or test's end."""
        self.log_dict(dict(means))
        if self.trainer.sanity_checking:  # Lightning keeps this pass to itself; it is the measurement before step 1
            for logger in self.trainer.loggers:
                logger.log_metrics(dict(means), step=0)
