"""Modules, data and trainers, small and without a command line."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.strategies import DeepSpeedStrategy

from revisual.data.images import ImageSource
from revisual.data.prompts import PromptDataModule
from revisual.data.readers import SampleReader
from revisual.data.sample import Sample
from revisual.data.sft import SFTDataModule
from revisual.data.synthetic.arithmetic import ArithmeticTask
from revisual.data.synthetic.shapes import ShapesTask
from revisual.models.policy import PretrainedPolicy
from revisual.models.sharding import full_tensor
from revisual.rewards.functions import RewardFunction, RewardScores, WeightedReward
from revisual.rl.callbacks import RewardCallback
from revisual.rl.filters import AdvantageFilter, Selection
from revisual.training.grpo import GRPOModule
from revisual.training.settings import EvalSampling, RolloutSampling
from revisual.training.sft import SFTModule

torch.set_num_threads(1)


@dataclass(frozen=True)
class TokenReward(RewardFunction):
    """A reward that an untrained policy gets in many sizes: a hash of the response's letters."""

    def __call__(self, responses, grades):
        return RewardScores([sum(map(ord, r.text)) % 7 / 6 for r in responses], [None] * len(responses))


@dataclass(frozen=True)
class KeepNothing(AdvantageFilter):
    def __call__(self, candidates):
        return Selection(torch.zeros(0, dtype=torch.long), torch.zeros(0))


@dataclass(frozen=True)
class Given(SampleReader):
    """Samples as they are."""

    samples: list[Sample]

    @property
    def label(self) -> str:
        return "given"

    def __call__(self) -> Iterator[Sample]:
        return iter(self.samples)


class Keep(RewardCallback):
    """Keeps every batch of rollouts as it was selected."""

    def __init__(self):
        self.kept = []
        self.steps = []

    def on_selection(self, trainer, module, batch, indices, weights):
        self.kept.append((batch, indices, weights))
        self.steps.append(module.rollout_step)


class Watch(Callback):
    """Keeps the weights' and the gradients' state of every optimizer step."""

    def __init__(self) -> None:
        self.gradients: list[dict[str, torch.Tensor | None]] = []
        self.norms: list[float] = []
        self.moved: list[bool] = []
        self.before: dict[str, torch.Tensor] = {}

    def on_before_optimizer_step(self, trainer, pl_module, optimizer) -> None:
        named = pl_module.policy.named_parameters()
        whole = {n: None if p.grad is None else full_tensor(p.grad).clone() for n, p in named if p.requires_grad}
        self.gradients.append(whole)
        self.norms.append(total_norm(self.gradients[-1]))
        self.before = weights(pl_module)

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx) -> None:
        if isinstance(trainer.strategy, DeepSpeedStrategy):  # whose gradients are not the parameters'
            self.norms[-1] = float(trainer.strategy.deepspeed_engine.get_global_grad_norm() or 0.0)
        if self.before:
            now = weights(pl_module)
            self.moved.append(any(not torch.equal(now[name], value) for name, value in self.before.items()))
            self.before = {}


class Log(CSVLogger):
    """Keeps what is logged, too."""

    def __init__(self, folder) -> None:
        super().__init__(folder, name="logs")
        self.rows: list[tuple[int | None, dict[str, float]]] = []

    def log_metrics(self, metrics, step=None) -> None:
        self.rows.append((step, dict(metrics)))

    def values(self, name: str) -> list[float]:
        return [row[name] for _, row in self.rows if name in row]


def total_norm(gradients: dict[str, Any]) -> float:
    return float(sum(g.double().square().sum() for g in gradients.values() if g is not None) ** 0.5)


def weights(module) -> dict[str, torch.Tensor]:
    return {name: full_tensor(value).detach().clone() for name, value in module.policy.named_parameters()}


def adamw(parameters):
    return torch.optim.AdamW(parameters, lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1)


def fused_adamw(parameters):
    return torch.optim.AdamW(parameters, lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1, fused=True)


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=0.1)


ONE_ROW = 1
"""`max_tokens_per_pass` that no row fits: each gets a pass of its own."""


def grpo(folder, policy_options=None, group_size=4, max_new_tokens=6, top_p=1.0, validation=None, test=None, **options):
    defaults = {
        "rewards": {"tokens": WeightedReward(TokenReward())},
        "sampling": RolloutSampling(group_size, max_new_tokens, top_p=top_p),
        "eval_sampling": eval_sampling(validation, test),
        "optimizer": adamw,
        "system_prompt": None,
    }
    return GRPOModule(PretrainedPolicy(str(folder), **(policy_options or {})), **(defaults | options))


def sft(folder, policy_options=None, max_new_tokens=6, validation=None, test=None, **options) -> SFTModule:
    sampling = replace(eval_sampling(validation, test), max_new_tokens=max_new_tokens)
    defaults = {"optimizer": adamw, "system_prompt": None, "eval_sampling": sampling}
    return SFTModule(PretrainedPolicy(str(folder), **(policy_options or {})), **(defaults | options))


def eval_sampling(validation=None, test=None) -> EvalSampling:
    return EvalSampling(test=test) if validation is None else EvalSampling(validation, test)


def some_samples(count: int = 12) -> list[Sample]:
    """Every other one has a picture, and every fourth two."""
    texts = list(ArithmeticTask(count=count, digits=1 if count < 5 else 2)())
    pictures = list(ShapesTask(count=count)())
    mixed = []
    for k, (text, pictured) in enumerate(zip(texts, pictures, strict=True)):
        if k % 2 == 0:
            mixed.append(text)
        elif k % 4 == 1:
            mixed.append(pictured)
        else:
            larger = pictured.images[0].image.resize((84, 56))
            both = [*pictured.images, ImageSource(image=larger)]
            mixed.append(Sample(pictured.id, pictured.question, pictured.answer, "pairs", both, solution="two"))
    return mixed


def prompts(samples=None, batch_size=2, validation=(), **options) -> PromptDataModule:
    samples = some_samples() if samples is None else samples
    validation = [Given(list(validation))] if validation else []
    return PromptDataModule([Given(samples)], validation, batch_size=batch_size, **options)


def examples(samples=None, batch_size=4, validation=(), **options) -> SFTDataModule:
    samples = some_samples() if samples is None else samples
    validation = [Given(list(validation))] if validation else []
    return SFTDataModule([Given(samples)], validation, batch_size=batch_size, **options)


@dataclass
class Run:
    module: Any
    trainer: Trainer
    log: Log
    watch: Watch = field(default_factory=Watch)


def fit(module, data, folder, steps, callbacks=(), ckpt_path=None, **options) -> Run:
    log, watch = Log(folder), Watch()
    defaults = {
        "accelerator": "cpu", "devices": 1, "max_epochs": -1, "log_every_n_steps": 1, "num_sanity_val_steps": 0,
        "enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False,
        "use_distributed_sampler": False, "inference_mode": False, "val_check_interval": None,
    }  # fmt: skip
    trainer = Trainer(
        default_root_dir=folder, max_steps=steps, logger=log, callbacks=[watch, *callbacks], **(defaults | options)
    )
    trainer.fit(module, data, ckpt_path=ckpt_path)
    return Run(module, trainer, log, watch)


def quiet_trainer(**options) -> Trainer:
    """A trainer that prints and writes nothing, for tests and predictions."""
    quiet = dict.fromkeys(("logger", "enable_progress_bar", "enable_checkpointing", "enable_model_summary"), False)
    return Trainer(accelerator="cpu", devices=1, inference_mode=False, **(quiet | options))
