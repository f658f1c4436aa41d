"""Runs in which some prompts are always right and some always wrong; started by torchrun, or alone."""

import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning.pytorch.callbacks import ModelCheckpoint

sys.path.insert(0, str(Path(__file__).parents[1]))

from revisual.callbacks import LearningWatch, OnlineDifficulty
from revisual.grading.grader import Grade, Grader
from training.helpers import Keep, fit, grpo, prompts, some_samples, weights

COUNT = 16
STEPS = 12


@dataclass(frozen=True)
class ByNumber(Grader):
    """Of three samples one is always right and one always wrong; the third depends on the response's letters."""

    def __call__(self, response, answer, sample=None):
        kind = kind_of(sample.id)
        return Grade(float(kind == 0 or (kind == 2 and sum(map(ord, response)) % 2 == 0)), response, "test/test")

    def extract(self, response, sample=None):
        return response

    def equal(self, a, b, sample=None):
        return a == b


def kind_of(id):
    return sum(map(ord, id)) % 3


def run(policy_folder, folder, world=1, ckpt_path=None, callback=None, num_workers=0, **options):
    keep, watch = Keep(), LearningWatch()
    callback = callback or OnlineDifficulty(rest_right=6, rest_wrong=3, least_active=0.1)
    saved = ModelCheckpoint(folder, filename="{step}", every_n_train_steps=1, save_top_k=-1)
    module = grpo(policy_folder, grader=ByNumber(), rewards=None, max_new_tokens=3, max_tokens_per_pass=200)
    data = prompts(some_samples(COUNT), batch_size=4 // world, num_workers=num_workers)
    settings = {"devices": world, "strategy": "ddp" if world > 1 else "auto"}
    found = fit(
        module, data, folder, STEPS, [callback, saved, keep, watch], ckpt_path, enable_checkpointing=True,
        **settings | options,
    )  # fmt: skip
    return {
        "rank": found.trainer.global_rank,
        "ids": [[prompt.id for prompt in batch.prompts] for batch, _, _ in keep.kept],
        "state": callback.state_dict(),
        "weights": weights(found.module),
        "watch": watch.state_dict(),
        "resting": found.log.values("data/resting_prompts"),
    }


if __name__ == "__main__":
    policy_folder, folder, world, *rest = sys.argv[1:]
    result = run(policy_folder, Path(folder), int(world), *rest)
    torch.save(result, Path(folder) / f"rank{result['rank']}.pt")
