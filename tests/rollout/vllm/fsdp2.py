"""GRPO on two processes under FSDP2, each with an engine of vLLM's; started by torchrun from test_vllm_sharded.py."""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

from training.helpers import fit, grpo, prompts, some_samples, weights

from revisual.models.lora import LoRA
from revisual.rl.importance import TokenImportance
from revisual.rl.losses import ClippedLoss
from revisual.rollout.vllm.engine import VLLMRollout
from revisual.training.engine_check import EngineCheck
from revisual.training.strategies.fsdp2 import FSDP2


def main(job, policy_folder, folder):
    module = grpo(
        policy_folder,
        {"lora": LoRA(rank=4)} if job == "lora" else {},
        engine=VLLMRollout(max_model_len=512, max_pictures=2),
        loss=ClippedLoss(importance=TokenImportance()),
        engine_check=EngineCheck(every=1),
        max_new_tokens=12,
        optimizer=lambda parameters: torch.optim.AdamW(parameters, lr=1e-2),
    )
    run = fit(
        module, prompts(some_samples(12), batch_size=2, max_prompt_tokens=400), folder, 3, devices=2, strategy=FSDP2()
    )
    result = {"gaps": run.log.values("rollout/logprob_gap"), "moved": run.watch.moved, "names": list(weights(module))}
    torch.save(result, Path(folder) / f"{job}-rank{run.trainer.global_rank}.pt")


if __name__ == "__main__":
    main(*sys.argv[1:])
