"""How far the log-probs of rollouts are from the trainer's, on any policy, beside the policy's own noise.

    python benchmarks/engine_gaps.py POLICY [--json FILE] [--docs]

Draws answers to texts and to pictures of 280 pixels in float32 and scores them by packed rows, as training does.
`noise` is what rounding at random moves (`rounding_otherwise`), `step` the gap after every weight was moved by 1e-6 up
or down, as one update of AdamW at that rate would: what the check has to find. `--docs` writes the table of a result,
the one named by `--json`, into docs/exact_and_fast.md and measures nothing.
"""

import argparse
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import torch
from quickstart_study import commit, machine

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/exact_and_fast.md"
RATE = 1e-6


def main() -> None:
    """Measure a policy, or write the table of a result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("policy", type=Path, nargs="?")
    parser.add_argument("--json", type=Path, default=ROOT / "benchmarks/results/engine_gaps.json")
    parser.add_argument("--answers", type=int, default=4, help="of each kind and seed")
    parser.add_argument("--tokens", type=int, default=48, help="at most, of an answer")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--docs", action="store_true")
    args = parser.parse_args()
    if not args.docs:
        result = {"commit": commit(), "machine": machine(), "seeds": args.seeds, "tokens": args.tokens}
        result |= measure(args.policy, args.answers, args.tokens, args.seeds)
        args.json.write_text(json.dumps(result, indent=2) + "\n")
    write_docs(json.loads(args.json.read_text()))


def measure(folder: Path, answers: int, tokens: int, seeds: list[int]) -> dict[str, Any]:
    """Return gap, noise and the gap after a step, the largest and the mean in nats, by kind of question and seed."""
    from revisual.data.encoding import PromptEncoder
    from revisual.models.inputs import PromptedRows, forward_inputs
    from revisual.models.logprobs import banned_token_ids, token_logprobs
    from revisual.models.policy import PretrainedPolicy
    from revisual.models.rounding import rounding_otherwise
    from revisual.rollout.engine import Completions, Sampling
    from revisual.rollout.hf.engine import HFRollout

    loader = PretrainedPolicy(str(folder))
    processor = loader.load_processor()
    policy = loader.load(processor)
    encoder = PromptEncoder(processor, system_prompt=None, pictures=loader.pictures())
    pad, banned = processor.tokenizer.pad_token_id, banned_token_ids(policy)
    engine = HFRollout()
    engine.attach(policy, encoder)

    @torch.no_grad()
    def score(prompts: list[Any], drawn: Completions) -> torch.Tensor:
        index, ids, mask = torch.arange(len(prompts)), drawn.token_ids, drawn.mask
        inputs = forward_inputs(policy, PromptedRows(prompts, index, encoder.vision_inputs, pad, ids, mask))
        return token_logprobs(policy, inputs, ids, mask, banned=banned).logprobs.double()

    rows = []
    for kind, seed in product(("text", "pictures"), seeds):
        prompts = [encoder.encode(sample) for sample in questions(kind, answers, seed)]
        drawn = engine.generate(prompts, Sampling(n=1), tokens, list(range(seed * answers, (seed + 1) * answers)))
        trained = score(prompts, drawn)
        with rounding_otherwise(policy, seed):
            rounded = score(prompts, drawn)
        with moved(policy, seed):
            stepped = score(prompts, drawn)
        others = {"gap": trained - drawn.logprobs, "noise": trained - rounded, "step": stepped - drawn.logprobs}
        gaps = {name: gap.abs()[drawn.mask] for name, gap in others.items()}
        found = {name: [float(gap.max()), float(gap.mean())] for name, gap in gaps.items()}
        rows.append({"kind": kind, "seed": seed, "tokens": int(drawn.mask.sum())} | found)
        print(rows[-1], flush=True)
    weights = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    return {"weights_sha256": weights, "parameters": sum(p.numel() for p in policy.parameters()), "rows": rows}


def questions(kind: str, count: int, seed: int) -> list[Any]:
    """Return questions of the synthetic tasks."""
    from revisual.data.images import ImageSource
    from revisual.data.synthetic.arithmetic import ArithmeticTask
    from revisual.data.synthetic.shapes import ShapesTask

    if kind == "text":
        return list(ArithmeticTask(count=count, seed=seed)())
    return [
        replace(sample, images=[ImageSource(image=sample.images[0].image.resize((280, 280)))])
        for sample in ShapesTask(count=count, seed=seed)()
    ]


@contextmanager
def moved(policy: torch.nn.Module, seed: int) -> Iterator[None]:
    """Move every weight up or down by `RATE` within the block."""
    generator = torch.Generator().manual_seed(seed)
    weights = list(policy.parameters())
    kept = [weight.detach().clone() for weight in weights]
    with torch.no_grad():
        for weight in weights:
            weight.add_(RATE * torch.randn(weight.shape, generator=generator).sign())
        yield
        for weight, old in zip(weights, kept, strict=True):
            weight.copy_(old)


def write_docs(result: dict[str, Any]) -> None:
    """Write the result's table into the page."""
    lines = ["| questions | engine's gap, largest | mean | noise, largest | after a step of 1e-6, largest | mean |"]
    lines += ["|---|---|---|---|---|---|"]
    for kind in ("text", "pictures"):
        rows = [row for row in result["rows"] if row["kind"] == kind]
        worst = {name: [max(row[name][k] for row in rows) for k in (0, 1)] for name in ("gap", "noise")}
        least = [min(row["step"][k] for row in rows) for k in (0, 1)]
        cells = [*worst["gap"], worst["noise"][0], *least]
        lines.append(f"| {kind} | {' | '.join(f'{value:.1e}' for value in cells)} |")
    source = (
        f"Worst gap and noise, least change by a step, of {len(result['seeds'])} checks each; a policy of "
        f"{result['parameters'] / 1e6:.0f} M parameters (weights sha256 {result['weights_sha256'][:12]}) on "
        f"{result['machine']}, commit {result['commit']}, seeds {', '.join(map(str, result['seeds']))}."
    )
    text = "<!-- engine gaps -->\n" + "\n".join(lines) + f"\n\n{source}\n<!-- end of engine gaps -->"
    page = PAGE.read_text()
    PAGE.write_text(re.sub(r"<!-- engine gaps -->.*<!-- end of engine gaps -->", lambda _: text, page, flags=re.DOTALL))


if __name__ == "__main__":
    main()
