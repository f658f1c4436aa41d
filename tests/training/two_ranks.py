"""Runs a job of `test_two_ranks.py`; started by torchrun, or alone for one process."""

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning.pytorch import Callback
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.nn.functional import pad

sys.path.insert(0, str(Path(__file__).parents[1]))

from revisual.callbacks import StopOnSignal, Watchdog
from revisual.models.lora import LoRA
from revisual.rewards.functions import RewardFunction, RewardScores, WeightedReward
from revisual.rl.filters import PrioritizedAdvantageDistillation
from revisual.rl.schedules import Constant
from revisual.rollout.engine import Completions
from revisual.rollout.hf.engine import HFRollout
from revisual.training.engine_check import EngineCheck
from revisual.training.lr_schedulers import WarmupCosine
from revisual.training.strategies.fsdp2 import FSDP2
from training.helpers import (
    Keep,
    KeepNothing,
    adamw,
    examples,
    fit,
    fused_adamw,
    grpo,
    prompts,
    sft,
    sgd,
    some_samples,
    weights,
)


def warmup_cosine(optimizer):
    return WarmupCosine(optimizer, warmup_ratio=0.3)


TOKENS_PER_PASS = {"gradient-in-one-pass": 16_384, "gradient-row-by-row": 1}
"""Where not 150, which makes two or three passes."""

POLICIES = {
    "lora": {"lora": LoRA(rank=4)},
    "frozen": {"freeze": ["vision_tower", "projector"]},
    "checkpointing": {"gradient_checkpointing": True},
    "padded": {"packed": False},
}


@dataclass(frozen=True)
class HangsOnOneRank(RewardFunction):
    def __call__(self, responses, grades):
        time.sleep(0 if os.environ["RANK"] == "0" else 1000)
        return RewardScores([0.0] * len(responses), [None] * len(responses))


class Record(HFRollout):
    """Keeps each prompt's rollouts."""

    def __init__(self):
        super().__init__()
        self.rows = {}

    def generate(self, prompts, sampling, max_new_tokens, seeds):
        made = super().generate(prompts, sampling, max_new_tokens, seeds)
        for p, prompt in enumerate(prompts):
            rows = slice(p * sampling.n, (p + 1) * sampling.n)
            self.rows[prompt.id] = {name: getattr(made, name)[rows] for name in made.__dataclass_fields__}
        return made


class Replay(HFRollout):
    """Gives recorded rollouts."""

    def __init__(self, recorded):
        super().__init__()
        self.rows = torch.load(recorded)

    def generate(self, prompts, sampling, max_new_tokens, seeds):
        found = [self.rows[prompt.id] for prompt in prompts]
        width = max(rows["token_ids"].shape[1] for rows in found)
        wide = [{n: pad(v, (0, width - v.shape[1])) if v.ndim == 2 else v for n, v in r.items()} for r in found]
        return Completions(**{name: torch.cat([rows[name] for rows in wide]) for name in wide[0]})


class AsksOneRank(Callback):
    """A signal to the second process in the middle of the second optimizer step."""

    def on_before_backward(self, trainer, pl_module, loss):
        if trainer.global_step == 1 and trainer.global_rank == trainer.world_size - 1:
            os.kill(os.getpid(), signal.SIGUSR1)


class KillsOneRank(Callback):
    """As the system does when memory runs out, in the middle of the third optimizer step."""

    def on_before_backward(self, trainer, pl_module, loss):
        if trainer.global_step == 2 and trainer.global_rank == trainer.world_size - 1:
            os.kill(os.getpid(), signal.SIGKILL)


def strategy(name):
    if name.startswith("deepspeed"):
        from revisual.training.strategies.deepspeed import DeepSpeed

        return DeepSpeed(stage=int(name[-1]))
    return FSDP2(hybrid="hybrid" in name) if name.startswith("fsdp2") else name


def main(jobs, policy_folder, folder, world, name, ckpt_path=None):
    for job in jobs.split("+"):
        within = Path(folder) / job
        within.mkdir(exist_ok=True)  # by the first of the processes
        do(job, policy_folder, within, world, name, ckpt_path and ckpt_path.format(job=job))


def do(job, policy_folder, folder, world, name, ckpt_path=None):
    torch.manual_seed(0)  # adapters start at random
    world, keep = int(world), Keep()
    options = {"devices": world, "strategy": strategy(name.removesuffix("_nodes"))}
    if name.endswith("_nodes"):
        options |= {"devices": 1, "num_nodes": world}
    kind = "gradient" if job.startswith("gradient") else job
    run = JOBS.get(kind, saved_steps)(job, policy_folder, folder, world, keep, options | {"ckpt_path": ckpt_path})
    result = {
        "norms": run.watch.norms,
        "moved": run.watch.moved,
        "weights": weights(run.module),
        "ids": [[p.id for p in batch.prompts] for batch, _, _ in keep.kept],
        "rows": run.log.rows,
        "steps": keep.steps,
        "passes": len(run.module.update.passes) if run.module.update else 0,
        "chosen": [len(indices) for _, indices, _ in keep.kept],
    }
    torch.save(result, folder / f"rank{run.trainer.global_rank}.pt")


def gradient(job, policy_folder, folder, world, keep, options):
    module = grpo(
        policy_folder,
        POLICIES.get(job.partition("-")[2]),
        max_tokens_per_pass=TOKENS_PER_PASS.get(job, 150),
        optimizer=sgd,
        advantage_filter=PrioritizedAdvantageDistillation(1e-3),
        filter_per_rank=job == "gradient-per-rank",
        kl_coef=Constant(0.1 if job == "gradient-reference" else 0.0),
    )
    samples = some_samples(16)[1::2] if job == "gradient-pictures" else some_samples(8)
    return fit(module, prompts(samples, batch_size=4 // world), folder, 1, [keep], gradient_clip_val=0.01, **options)


def beside_vllm(job, policy_folder, folder, world, keep, options):
    from revisual.rollout.vllm.engine import VLLMRollout

    module = grpo(
        policy_folder,
        max_tokens_per_pass=150,
        engine=VLLMRollout(max_model_len=512, max_pictures=2),
        engine_check=EngineCheck(every=1, num_rollouts=16),
        max_new_tokens=12,
    )
    return fit(
        module, prompts(some_samples(12), batch_size=4 // world, max_prompt_tokens=400), folder, 4, [keep], **options
    )


def three_steps(job, policy_folder, folder, world, keep, options):
    is_recorded = world > 1 or job.endswith("-fused")
    engine = Replay(folder.parents[1] / "one/three-steps/rollouts.pt") if is_recorded else Record()
    module = grpo(
        policy_folder,
        max_tokens_per_pass=150,
        engine=engine,
        optimizer=optimizer_of(job),
        advantage_filter=PrioritizedAdvantageDistillation(1e-3),
    )
    data = prompts(some_samples(12), batch_size=4 // world)
    run = fit(module, data, folder, 3, [keep], gradient_clip_val=0.01, **options)
    if not is_recorded:
        torch.save(engine.rows, folder / "rollouts.pt")
    return run


def optimizer_of(job):
    return fused_adamw if job.endswith("-fused") else adamw


def sft_gradient(job, policy_folder, folder, world, keep, options):
    module = sft(policy_folder, max_tokens_per_pass=150, optimizer=sgd)
    return fit(module, examples(some_samples(8), batch_size=8 // world), folder, 1, **options)


def empty(job, policy_folder, folder, world, keep, options):
    module = grpo(policy_folder, max_tokens_per_pass=150, advantage_filter=KeepNothing())
    return fit(module, prompts(batch_size=2), folder, 2, **options)


def hang(job, policy_folder, folder, world, keep, options):
    module = grpo(policy_folder, rewards={"hang": WeightedReward(HangsOnOneRank())}, max_tokens_per_pass=150)
    return fit(module, prompts(batch_size=2), folder, 2, [Watchdog(limit=8.0, grace=30.0)], **options)


def validate(job, policy_folder, folder, world, keep, options):
    module = grpo(policy_folder, advantage_filter=KeepNothing())
    options = options | {"num_sanity_val_steps": -1}
    return fit(module, prompts(validation=some_samples(5)), folder, 1, **options)


def saved_steps(job, policy_folder, folder, world, keep, options):
    """Four steps, each with a checkpoint."""
    saved = ModelCheckpoint(folder, filename="{step}", every_n_train_steps=1, save_top_k=-1)
    callbacks = [saved, keep, *SAVED_WITH.get(job, list)()]
    options = options | {"enable_checkpointing": True}
    settings = {"max_tokens_per_pass": 150, "scheduler": warmup_cosine}
    if job == "sft":
        data = examples(some_samples(8), batch_size=2)
        return fit(sft(policy_folder, **settings), data, folder, 4, callbacks, **options)
    settings["advantage_filter"] = PrioritizedAdvantageDistillation(1e-3)
    module = grpo(policy_folder, POLICIES.get(job.partition("-")[2]), optimizer=optimizer_of(job), **settings)
    return fit(module, prompts(some_samples(8), batch_size=2), folder, 4, callbacks, **options)


JOBS = {
    "gradient": gradient,
    "vllm": beside_vllm,
    "three-steps": three_steps,
    "three-steps-fused": three_steps,
    "sft-gradient": sft_gradient,
    "empty": empty,
    "hang": hang,
    "validate": validate,
}
SAVED_WITH = {
    "stop": lambda: [StopOnSignal(), AsksOneRank()],
    "stopped": lambda: [StopOnSignal()],
    "killed": lambda: [KillsOneRank()],
}


if __name__ == "__main__":
    main(*sys.argv[1:])
