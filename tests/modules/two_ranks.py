"""Runs a job of `test_two_ranks.py`; started by torchrun, or alone for one process."""

import sys
from pathlib import Path

import torch
from lightning.pytorch.callbacks import ModelCheckpoint

sys.path.insert(0, str(Path(__file__).parents[1]))

from modules.helpers import Keep, KeepNothing, examples, fit, grpo, prompts, sft, sgd, some_samples, weights
from revisual.rl.filters import PrioritizedAdvantageDistillation
from revisual.schedulers import WarmupCosine
from revisual.strategies.fsdp2 import FSDP2


def warmup_cosine(optimizer):
    return WarmupCosine(optimizer, warmup_ratio=0.3)


def strategy(name):
    if name.startswith("deepspeed"):
        from revisual.strategies.deepspeed import DeepSpeed

        return DeepSpeed(stage=int(name[-1]))
    return FSDP2() if name == "fsdp2" else name


def main(job, policy_folder, folder, world, name, ckpt_path=None):
    world, keep = int(world), Keep()
    options = {"devices": world, "strategy": strategy(name), "accumulate_grad_batches": 2}
    if job.startswith("gradient"):
        module = grpo(policy_folder, micro_batches=2, optimizer=sgd, filter=PrioritizedAdvantageDistillation(1e-3))
        samples = some_samples(8) if job == "gradient" else some_samples(16)[1::2]  # or pictures in every row
        run = fit(module, prompts(samples, batch_size=4 // world), folder, 1, [keep], gradient_clip_val=0.01, **options)
    elif job == "sft-gradient":
        module = sft(policy_folder, micro_batches=2, optimizer=sgd)
        run = fit(module, examples(some_samples(8), batch_size=8 // world), folder, 1, **options)
    elif job == "empty":
        module = grpo(policy_folder, micro_batches=2, filter=KeepNothing())
        run = fit(module, prompts(batch_size=2), folder, 2, **options)
    elif job == "validate":
        module = grpo(policy_folder, filter=KeepNothing())
        run = fit(
            module,
            prompts(validation=some_samples(5)),
            folder,
            1,
            num_sanity_val_steps=-1,
            **options | {"accumulate_grad_batches": 1},
        )
    else:
        saved = ModelCheckpoint(folder, filename="{step}", every_n_train_steps=1, save_top_k=-1)
        callbacks = [saved, keep]
        options |= {"enable_checkpointing": True, "ckpt_path": ckpt_path}
        if job == "grpo":
            module = grpo(
                policy_folder, micro_batches=2, scheduler=warmup_cosine, filter=PrioritizedAdvantageDistillation(1e-3)
            )
            run = fit(module, prompts(some_samples(8), batch_size=2), folder, 4, callbacks, **options)
        else:
            module = sft(policy_folder, micro_batches=2, scheduler=warmup_cosine)
            run = fit(module, examples(some_samples(8), batch_size=2), folder, 4, callbacks, **options)
    result = {
        "norms": run.watch.norms,
        "moved": run.watch.moved,
        "weights": weights(run.module),
        "ids": [[p.id for p in batch.prompts] for batch, _, _ in keep.kept],
        "rows": run.log.rows,
        "steps": keep.steps,
    }
    torch.save(result, Path(folder) / f"rank{run.trainer.global_rank}.pt")


if __name__ == "__main__":
    main(*sys.argv[1:])
