"""Peak memory of the log-probs and their backward pass: in chunks, and with all logits at once.

    python benchmarks/speed/loss_memory.py

8,192 tokens, a vocabulary of 151,936 (Qwen2.5-VL's), hidden size 512, float32. Counted is what is held beyond the
hidden states, the head's weight and both gradients. Prints a table; writes OUT/loss_memory.json.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import torch
from torch import nn
from workers import ONE_THREAD, commit, machine, table

from revisual.models import head as heads
from revisual.models.inputs import ForwardInputs
from revisual.models.logprobs import token_logprobs


class Policy(nn.Module):
    """A head on given hidden states."""

    def __init__(self, tokens: int, hidden: int, vocabulary: int) -> None:
        super().__init__()
        self.states = nn.Parameter(torch.randn(1, tokens + 1, hidden))
        self.head = nn.Linear(hidden, vocabulary, bias=False)

    def base_model(self, **_):
        return (self.states,)

    def get_output_embeddings(self):
        return self.head


def measure(at_once: bool, tokens: int, hidden: int, vocabulary: int) -> None:
    if at_once:  # what a plain implementation holds is measured by the same code with one chunk
        heads.CPU_LOGITS = tokens * vocabulary
    policy = Policy(tokens, hidden, vocabulary)
    for parameter in policy.parameters():
        parameter.grad = torch.zeros_like(parameter)
    inputs = ForwardInputs({}, torch.arange(tokens))
    token_ids = torch.randint(0, vocabulary, (1, tokens))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    outputs = token_logprobs(policy, inputs, token_ids, torch.ones(1, tokens, dtype=torch.bool))
    outputs.logprobs.sum().backward()
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"MiB": round(peak - before), "seconds": round(seconds, 1)}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out/speed"))
    parser.add_argument("--tokens", type=int, default=8192)
    parser.add_argument("--hidden", type=int, default=512)
    parser.add_argument("--vocabulary", type=int, default=151_936)
    parser.add_argument("--child", choices=("at once", "in chunks"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    sizes = (args.tokens, args.hidden, args.vocabulary)
    if args.child:
        return measure(args.child == "at once", *sizes)
    logits = args.tokens * args.vocabulary * 4 / 2**20
    rows = [{"": "all logits alone, computed", "MiB": round(logits), "seconds": ""}]
    for name in ("in chunks", "at once"):
        given = [str(word) for k in ("tokens", "hidden", "vocabulary") for word in (f"--{k}", getattr(args, k))]
        command = [sys.executable, __file__, "--child", name, *given]
        child = subprocess.run(command, capture_output=True, text=True, env=ONE_THREAD | {"PATH": ""})
        found = json.loads(child.stdout) if child.returncode == 0 else {"MiB": "out of memory", "seconds": ""}
        rows.append({"": name, **found})
        print(table(rows), flush=True)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "loss_memory.json").write_text(
        json.dumps({"commit": commit(), "machine": machine(), "rows": rows}, indent=2) + "\n"
    )


if __name__ == "__main__":
    main()
