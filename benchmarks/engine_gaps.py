"""How far the log-probs of rollouts are from the trainer's, on any policy, and whether the engine's check tells faults.

    python benchmarks/engine_gaps.py POLICY [--engine HFRollout] [--json FILE] [--docs]

Draws answers to texts and to pictures of 280 pixels in float32 and in bf16-mixed and scores them by packed rows, as
training does, again and again with other questions: a check that would end a sound run is counted. `noise` is what
rounding at random moves (`rounding_otherwise`). For the first seeds (`--faulty`), faults are planted in what the
trainer scores with: a step of 1e-6 in every weight, up or down, as one update of AdamW at that rate would; a tensor
exchanged with the next layer's; a temperature of 1.1; pictures of 308 pixels. Goes on where it was ended. `--docs`
writes the table of a result, the one named by `--json`, into docs/exact_and_fast.md and measures nothing.
"""

import argparse
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import torch
from quickstart_study import commit, machine
from torch import Tensor

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/exact_and_fast.md"
RATE = 1e-6
PRECISIONS = ("32-true", "bf16-mixed")
FAULTS = {"step": "a step of 1e-6", "swapped": "two tensors exchanged", "temperature": "temperature 1.1",
          "pixels": "pictures of another size"}  # fmt: skip


def main() -> None:
    """Measure a policy, or write the table of a result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("policy", type=Path, nargs="?")
    parser.add_argument("--engine", choices=["HFRollout", "VLLMRollout"], default="HFRollout")
    parser.add_argument("--json", type=Path, default=ROOT / "benchmarks/results/engine_gaps.json")
    parser.add_argument("--answers", type=int, default=4, help="of each check")
    parser.add_argument("--tokens", type=int, default=32, help="at most, of an answer")
    parser.add_argument("--seeds", type=int, default=25, help="checks of each kind and precision")
    parser.add_argument("--faulty", type=int, default=5, help="seeds that faults are planted for")
    parser.add_argument("--docs", action="store_true")
    args = parser.parse_args()
    if not args.docs:
        measure(args)
    write_docs(json.loads(args.json.read_text()))


@dataclass(frozen=True)
class Scored:
    """A policy that scores what an engine has drawn."""

    policy: Any
    encoder: Any
    precision: str

    def forward_context(self) -> Any:
        """Compute as a trainer of this precision does."""
        return torch.autocast("cpu", torch.bfloat16) if self.precision == "bf16-mixed" else nullcontext()

    @torch.no_grad()
    def __call__(self, prompts: list[Any], drawn: Any, temperature: float = 1.0) -> Tensor:
        """Return log-probs of drawn answers, by packed rows."""
        from revisual.models.inputs import PromptedRows, forward_inputs
        from revisual.models.logprobs import banned_token_ids, token_logprobs

        pad = self.encoder.processor.tokenizer.pad_token_id
        rows = PromptedRows(
            prompts, torch.arange(len(prompts)), self.encoder.vision_inputs, pad, drawn.token_ids, drawn.mask
        )
        with self.forward_context():
            inputs, banned = forward_inputs(self.policy, rows), banned_token_ids(self.policy)
            return token_logprobs(
                self.policy, inputs, drawn.token_ids, drawn.mask, temperature=temperature, banned=banned
            ).logprobs


def measure(args: argparse.Namespace) -> None:
    """Add the checks that a result lacks to it, one after the other."""
    from revisual.data.encoding import PromptEncoder
    from revisual.models.policy import PretrainedPolicy
    from revisual.rollout.hf.engine import HFRollout
    from revisual.rollout.vllm.engine import VLLMRollout
    from revisual.training.policy_engine import PolicyEngine

    loader = PretrainedPolicy(str(args.policy))
    processor = loader.load_processor()
    policy = loader.load(processor)
    encoder = PromptEncoder(processor, system_prompt=None, pictures=loader.pictures())
    engine = PolicyEngine(VLLMRollout(max_model_len=1024) if args.engine == "VLLMRollout" else HFRollout())
    engine.attach(policy, encoder)
    engine.sync(0)
    facts = {
        "weights_sha256": hashlib.sha256((args.policy / "model.safetensors").read_bytes()).hexdigest(),
        "parameters": sum(p.numel() for p in policy.parameters()),
        "tokens": args.tokens,
    }
    result = json.loads(args.json.read_text()) if args.json.exists() else {"rows": []}
    if any(result.get(name, value) != value for name, value in facts.items()):
        raise SystemExit(f"{args.json} holds checks of another policy or length: name another file by --json")
    result |= facts | {"commit": commit(), "machine": machine()}
    names = ("engine", "seed", "kind", "precision")
    done = {tuple(row[name] for name in names) for row in result["rows"]}
    for key in product([args.engine], range(args.seeds), ("text", "pictures"), PRECISIONS):
        if key in done:
            continue
        _, seed, kind, precision = key
        score = Scored(policy, encoder, precision)
        found = check(score, engine.engine, kind, seed, args.answers, args.tokens, seed < args.faulty)
        result["rows"].append(dict(zip(names, key, strict=True)) | found)
        print(result["rows"][-1], flush=True)
        args.json.write_text(json.dumps(result, indent=1) + "\n")


def check(
    score: Scored, engine: Any, kind: str, seed: int, answers: int, tokens: int, with_faults: bool
) -> dict[str, Any]:
    """Return a check's gaps and noise, and whether the run would end; and the same for each planted fault."""
    from revisual.core.errors import UserError
    from revisual.models.rounding import rounding_otherwise
    from revisual.rollout.engine import Sampling
    from revisual.training.engine_check import LARGEST, EngineCheck, logprob_gaps

    asked = questions(kind, answers, seed, 280)
    prompts = [score.encoder.encode(sample) for sample in asked]
    with score.forward_context():
        drawn = engine.generate(prompts, Sampling(n=1), tokens, list(range(seed * answers, (seed + 1) * answers)))
    trained = score(prompts, drawn)
    with rounding_otherwise(score.policy, seed):
        noise = logprob_gaps(trained, score(prompts, drawn), drawn.mask)[LARGEST]

    def judged(logprobs: Tensor) -> dict[str, Any]:
        gaps = logprob_gaps(logprobs, drawn.logprobs, drawn.mask)
        try:
            EngineCheck().require(gaps, noise, exact=score.precision == "32-true")
        except UserError:
            return gaps | {"ends": True}
        return gaps | {"ends": False}

    found = {"tokens": int(drawn.mask.sum()), "noise": noise, "sound": judged(trained)}
    if with_faults:
        for name, fault in faults(score, prompts, asked, seed).items():
            found[name] = judged(fault(drawn))
    return found


def faults(score: Scored, prompts: list[Any], asked: list[Any], seed: int) -> Mapping[str, Callable[[Any], Tensor]]:
    """Return ways to score drawn answers that a check has to find."""

    def within(context: Callable[[], Any]) -> Callable[[Any], Tensor]:
        def scored(drawn: Any) -> Tensor:
            with context():
                return score(prompts, drawn)

        return scored

    ways = {
        "step": within(lambda: moved(score.policy, seed)),
        "swapped": within(lambda: exchanged(score.policy)),
        "temperature": lambda drawn: score(prompts, drawn, temperature=1.1),
    }
    if asked[0].images:
        larger = [score.encoder.encode(resized(sample, 308)) for sample in asked]
        ways["pixels"] = lambda drawn: score(larger, drawn)
    return ways


def questions(kind: str, count: int, seed: int, pixels: int) -> list[Any]:
    """Return questions of the synthetic tasks."""
    from revisual.data.synthetic.arithmetic import ArithmeticTask
    from revisual.data.synthetic.shapes import ShapesTask

    if kind == "text":
        return list(ArithmeticTask(count=count, seed=seed)())
    return [resized(sample, pixels) for sample in ShapesTask(count=count, seed=seed)()]


def resized(sample: Any, pixels: int) -> Any:
    """Return a sample with its picture in another size."""
    from revisual.data.images import ImageSource

    return replace(sample, images=[ImageSource(image=sample.images[0].image.resize((pixels, pixels)))])


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


@contextmanager
def exchanged(policy: torch.nn.Module) -> Iterator[None]:
    """Exchange a matrix of the last layer with the same one of the layer before, within the block."""
    matrices = [p for name, p in policy.named_parameters() if name.endswith("self_attn.o_proj.weight")]
    one, other = (matrix.data for matrix in matrices[-2:])
    matrices[-2].data, matrices[-1].data = other, one
    yield
    matrices[-2].data, matrices[-1].data = one, other


def write_docs(result: dict[str, Any]) -> None:
    """Write the result's tables into the page."""
    lines = ["| engine | precision | questions | checks | ended | gap, largest | mean | KL | noise, largest |"]
    lines += ["|---|---|---|---|---|---|---|---|---|"]
    kinds = sorted({(row["engine"], row["precision"], row["kind"]) for row in result["rows"]}, key=str)
    planted = ["| engine | precision | questions | " + " | ".join(FAULTS.values()) + " |", "|---" * 7 + "|"]
    for kind in kinds:
        rows = [row for row in result["rows"] if (row["engine"], row["precision"], row["kind"]) == kind]
        sound = [row["sound"] for row in rows]
        worst = [max(gaps[name] for gaps in sound) for name in list(sound[0])[:3]] + [max(row["noise"] for row in rows)]
        cells = [*kind, str(len(rows)), str(sum(gaps["ends"] for gaps in sound)), *(f"{value:.1e}" for value in worst)]
        lines.append(f"| {' | '.join(cells)} |")
        found = {name: [row[name]["ends"] for row in rows if name in row] for name in FAULTS}
        counts = [f"{sum(ends)} of {len(ends)}" if ends else "" for ends in found.values()]
        planted.append(f"| {' | '.join([*kind, *counts])} |")
    source = (
        f"Gaps in nats, the worst of all checks, each of answers of at most {result['tokens']} tokens; of faults, "
        f"how many checks found them. A policy of {result['parameters'] / 1e6:.0f} M parameters (weights sha256 "
        f"{result['weights_sha256'][:12]}) on {result['machine']}, commit {result['commit']}."
    )
    text = "<!-- engine gaps -->\n" + "\n".join([*lines, "", *planted]) + f"\n\n{source}\n<!-- end of engine gaps -->"
    page = PAGE.read_text()
    PAGE.write_text(re.sub(r"<!-- engine gaps -->.*<!-- end of engine gaps -->", lambda _: text, page, flags=re.DOTALL))


if __name__ == "__main__":
    main()
