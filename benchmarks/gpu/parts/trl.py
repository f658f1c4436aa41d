"""Three GRPO steps of TRL, on the sizes of the part before this one; left out where TRL is not installed."""

import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from bench import SEED, Bench
from plan_check import write_data
from random_policy import policy_folder

from parts.grpo import case_of


def measure(bench: Bench) -> None:
    """Report each step, and medians, as `clock.py` does."""
    if find_spec("trl") is None:
        bench.report("skipped: trl is not installed")
        return
    import transformers
    from processor import load
    from trl import GRPOTrainer
    from trl_grpo import dataset, grpo_config, reward

    case, data = case_of(bench), Path(tempfile.mkdtemp(dir=bench.folder))
    write_data(case, data, question=1)
    (data / "data.jsonl").rename(data / "prompts.jsonl")
    config = grpo_config(
        output_dir=str(data),
        use_cpu=bench.dry,
        bf16=not bench.dry,
        per_device_train_batch_size=case.batch * case.group,
        num_generations=case.group,
        max_completion_length=case.response,
        max_steps=3,
        learning_rate=1e-6,
        gradient_checkpointing=True,
        seed=SEED,
    )
    steps: list[dict[str, Any]] = []

    class Clock(transformers.TrainerCallback):
        def on_step_begin(self, *_: Any, **__: Any) -> None:
            bench.sync()
            if not bench.dry:
                torch.cuda.reset_peak_memory_stats()
            self.began = time.perf_counter()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            bench.sync()
            peak = None if bench.dry else torch.cuda.max_memory_allocated() / 1e9
            steps.append({"seconds": time.perf_counter() - self.began, "peak_gb": peak})
            bench.report(f"optimizer step {len(steps)}", **steps[-1])

    GRPOTrainer(
        model=random_policy(bench),
        reward_funcs=reward,
        args=config,
        train_dataset=dataset(data),
        processing_class=load(policy_folder(bench)),
        callbacks=[Clock()],
    ).train()
    peaks = [step["peak_gb"] for step in steps if step["peak_gb"] is not None]
    bench.report("medians", seconds=steps[-1]["seconds"], peak_gb=max(peaks, default=None))


def random_policy(bench: Bench) -> Any:
    """Return the stock model of the same sizes, with random weights on the device."""
    from transformers import AutoConfig, AutoModelForImageTextToText

    torch.manual_seed(SEED)
    config = AutoConfig.from_pretrained(policy_folder(bench))
    with bench.device:
        return AutoModelForImageTextToText.from_config(config, dtype=torch.float32, attn_implementation="sdpa")
