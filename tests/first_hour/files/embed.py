"""A policy trained in a plain Trainer, with an engine of one's own that keeps its contract or breaks it."""

import sys
from dataclasses import replace

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import LearningRateMonitor
from lightning.pytorch.loggers import CSVLogger

from revisual import GRPOModule, RolloutSampling
from revisual.core.errors import UserError
from revisual.data.prompts import PromptDataModule
from revisual.data.synthetic.arithmetic import ArithmeticTask
from revisual.models.policy import PretrainedPolicy
from revisual.rollout.engine import RolloutEngine
from revisual.rollout.hf.engine import HFRollout


class Mine(RolloutEngine):
    """Answers by the shipped engine, and changes what it gives."""

    def __init__(self, change):
        self.inner, self.change = HFRollout(), change

    def attach(self, policy, encoder):
        self.inner.attach(policy, encoder)

    def load_weights(self, weights):
        self.inner.load_weights(weights)

    def generate(self, prompts, sampling, max_new_tokens, seeds):
        return self.change(self.inner.generate(prompts, sampling, max_new_tokens, seeds))


def one_row_less(drawn):
    return replace(drawn, **{name: getattr(drawn, name)[:-1] for name in drawn.__dataclass_fields__})


CHANGES = {
    "as it is": lambda drawn: drawn,
    "false log-probs": lambda drawn: replace(drawn, logprobs=(drawn.logprobs - 1.0) * drawn.mask),
    "a row too few": one_row_less,
    "unknown tokens": lambda drawn: replace(drawn, token_ids=drawn.token_ids + 100_000),
    "no numbers": lambda drawn: replace(drawn, logprobs=drawn.logprobs * torch.nan),
}

for name, change in CHANGES.items():
    folder = f"out/{name.replace(' ', '_')}"
    module = GRPOModule(
        PretrainedPolicy("tiny"),
        sampling=RolloutSampling(group_size=4, max_new_tokens=8),
        engine=Mine(change),
        optimizer=lambda parameters: torch.optim.AdamW(parameters, lr=1e-4),
    )
    trainer = Trainer(
        accelerator="cpu",
        devices=1,
        max_steps=2,
        max_epochs=-1,
        log_every_n_steps=1,
        use_distributed_sampler=False,
        inference_mode=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[LearningRateMonitor()],
        default_root_dir=folder,
        logger=CSVLogger(folder, name="logs"),
    )
    try:
        trainer.fit(module, PromptDataModule(train=[ArithmeticTask(count=16)], batch_size=2))
        print(f"{name}: trained {trainer.global_step} steps", flush=True)
    except UserError as error:
        print(f"{name}: {error}", flush=True)
sys.exit(0)
