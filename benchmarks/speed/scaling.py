"""How a GRPO step's time grows with the group, the picture and the response.

    python benchmarks/speed/scaling.py --out out/speed

One thing is varied at a time. A step is the rollouts and one update of all of them. Beside its time stand the
floating-point operations counted by torch, and their rate as a share of this machine's measured matrix product. One
thread. Prints a table; writes scaling.json.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from torch.utils.flop_counter import FlopCounterMode
from workers import commit, machine, table

from revisual.data.encoding import PromptEncoder
from revisual.data.readers import JSONLReader
from revisual.models.inputs import PromptedRows, forward_inputs
from revisual.models.logprobs import banned_token_ids, token_logprobs
from revisual.models.policy import PretrainedPolicy
from revisual.rollout.engine import Sampling
from revisual.rollout.hf.engine import HFRollout

PROMPTS = 4
BASE = {"group": 8, "picture": 224, "new_tokens": 64}
VARIED = {"group": (2, 4, 8, 16, 32), "picture": (112, 224, 448, 672), "new_tokens": (32, 64, 128, 256)}


class ForcedLength(HFRollout):
    """No answer ends before its limit."""

    def end_tokens(self) -> list[int]:
        return []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out/speed"))
    parser.add_argument("--steps", type=int, default=3, help="counted steps of each row")
    args = parser.parse_args()
    torch.set_num_threads(1)
    peak = matrix_product_rate()
    rows = []
    for name, values in VARIED.items():
        for value in values:
            rows.append({"varied": name, **measure(BASE | {name: value}, args, peak)})
            print(table(rows[-1:]).splitlines()[-1], file=sys.stderr, flush=True)
    print(table(rows))
    args.out.mkdir(parents=True, exist_ok=True)
    found = {"commit": commit(), "machine": machine(), "matrix product, GFLOP/s": round(peak / 1e9), "rows": rows}
    (args.out / "scaling.json").write_text(json.dumps(found, indent=2) + "\n")


def matrix_product_rate(size: int = 1024) -> float:
    """Operations per second of the best of ten products."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    best = float("inf")
    for _ in range(10):
        start = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best


def measure(sizes: dict[str, int], args: argparse.Namespace, peak: float) -> dict[str, Any]:
    """Median time of a step, and what was counted in one."""
    folder = args.out.resolve() / f"scaling_{sizes['picture']}"
    settings = {"folder": str(folder), "prompts": PROMPTS, "steps": 1, "vision_depth": 8}
    told = json.dumps(settings | {"pictures": [sizes["picture"]]})
    subprocess.run([sys.executable, Path(__file__).with_name("data.py"), told], check=True, stderr=subprocess.DEVNULL)
    loader = PretrainedPolicy(str(folder / "policy"))
    processor = loader.load_processor()
    policy, encoder = loader.load(processor), PromptEncoder(processor, None)
    prompts = [encoder.encode(sample) for sample in JSONLReader(folder / "prompts.jsonl").under(folder)()]
    engine = ForcedLength()
    engine.attach(policy, encoder)

    def step() -> None:
        n = sizes["group"]
        seeds = list(range(PROMPTS * n))
        drawn = engine.generate(prompts, Sampling(n), sizes["new_tokens"], seeds)
        index = torch.arange(PROMPTS).repeat_interleave(n)
        pad_id = processor.tokenizer.pad_token_id
        inputs = forward_inputs(
            policy, PromptedRows(prompts, index, encoder.vision_inputs, pad_id, drawn.token_ids, drawn.mask)
        )
        outputs = token_logprobs(policy, inputs, drawn.token_ids, drawn.mask, banned=banned_token_ids(policy))
        (-outputs.logprobs.mean()).backward()
        policy.zero_grad()

    with FlopCounterMode(display=False) as counter:
        step()
    seconds = []
    for _ in range(args.steps):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    median, operations = statistics.median(seconds), counter.get_total_flops()
    row: dict[str, Any] = {**sizes, "s/step": round(median, 3), "GFLOP": round(operations / 1e9, 1)}
    row["tokens/s"] = round(PROMPTS * sizes["group"] * sizes["new_tokens"] / median)
    row["share of a matrix product's rate"] = round(operations / median / peak, 2)
    return row


if __name__ == "__main__":
    main()
