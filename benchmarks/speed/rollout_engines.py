"""Rollouts of the quickstart's second stage by transformers and by vLLM: the same policy, prompts and lengths.

    PYTHONPATH=.ci/torchvision_on_cpu OMP_NUM_THREADS=1 .venv-engines/bin/python benchmarks/speed/rollout_engines.py \\
        --policy out/quickstart/02_cold_start/export

The environment is the one that .ci/engines makes; on a GPU, any with vLLM. The engines take turns, in one process, and
their first rollout is not counted. Each gets the policy's weights before each rollout, as in training, which is timed
apart. Prints a table, and writes rollout_engines.json.
"""

import argparse
import json
import statistics
import time
from itertools import islice
from pathlib import Path

import torch
from workers import machine, table

from revisual.core.seeds import stable_seed
from revisual.data.encoding import PromptEncoder
from revisual.data.synthetic.arithmetic import ArithmeticTask
from revisual.data.synthetic.bars import BarTask
from revisual.data.synthetic.shapes import ShapesTask
from revisual.models.policy import PretrainedPolicy
from revisual.models.sharding import full_tensors
from revisual.rollout.engine import Sampling
from revisual.rollout.hf.engine import HFRollout
from revisual.rollout.vllm.engine import VLLMRollout

PROMPTS, GROUP = 24, 8  # of configs/quickstart/multimodal_rl.yaml
LENGTHS = (36, 128)
"""The quickstart's, and one at which most responses have ended before the last."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--policy", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=9, help="counted rollouts of each engine and length")
    parser.add_argument("--out", type=Path, default=Path("out/speed"))
    args = parser.parse_args()
    loader = PretrainedPolicy(str(args.policy))
    processor = loader.load_processor()
    policy, encoder = loader.load(processor), PromptEncoder(processor, system_prompt=None)
    tasks = (ShapesTask(count=8, seed=1), BarTask(count=8, seed=1), ArithmeticTask(count=8, seed=2))
    prompts = [encoder.encode(sample) for task in tasks for sample in islice(task(), PROMPTS // len(tasks))]
    engines = {"HFRollout": HFRollout(), "VLLMRollout": VLLMRollout(max_model_len=1024)}
    for engine in engines.values():
        engine.attach(policy, encoder)
    rows = []
    for length in LENGTHS:
        found: dict[str, list[dict[str, float]]] = {name: [] for name in engines}
        for round_ in range(args.rounds + 1):
            for name, engine in engines.items():
                found[name].append(rollout(engine, policy, prompts, length, round_))
        rows += [summary(name, length, steps[1:]) for name, steps in found.items()]
        print(table(rows), flush=True)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "rollout_engines.json").write_text(json.dumps({"machine": machine(), "rows": rows}, indent=2) + "\n")


def rollout(engine, policy, prompts, length, round_) -> dict[str, float]:
    began = time.perf_counter()
    engine.load_weights(full_tensors(policy))
    synced = time.perf_counter()
    seeds = [stable_seed(round_, prompt.id, j) for prompt in prompts for j in range(GROUP)]
    completions = engine.generate(prompts, Sampling(n=GROUP), length, seeds)
    ended = time.perf_counter()
    return {"weights": synced - began, "seconds": ended - synced, "tokens": int(completions.mask.sum())}


def summary(name, length, steps) -> dict[str, float]:
    return {
        "engine": name,
        "new tokens, at most": length,
        "tokens/s": round(statistics.median(step["tokens"] / step["seconds"] for step in steps)),
        "s/rollout": round(statistics.median(step["seconds"] for step in steps), 3),
        "weights, s": round(statistics.median(step["weights"] for step in steps), 4),
        "tokens/rollout": round(statistics.mean(step["tokens"] for step in steps)),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
