"""The dearest kernels of an update's pass and of decoding, and how many are launched."""

from collections.abc import Callable
from typing import Any

import torch
from bench import SEED, Bench
from ours_grpo import ForcedLength
from random_policy import load, prompts
from torch.profiler import ProfilerActivity

from revisual.models.inputs import PromptedRows, forward_inputs
from revisual.models.logprobs import banned_token_ids, token_logprobs
from revisual.rollout.engine import Sampling

DEAREST = 10
LAUNCHES = ("cudaLaunchKernel", "cudaLaunchKernelExC", "cuLaunchKernel", "cuLaunchKernelEx")


def measure(bench: Bench) -> None:
    """Report a pass over two groups with a picture each, and a short rollout."""
    policy, encoder = load(bench, gradient_checkpointing=True)
    asked = prompts(bench, encoder, bench.size(728, 56), 2)
    group, length = bench.size((8, 512), (2, 6))
    index = torch.arange(2).repeat_interleave(group)
    token_ids = torch.randint(40, 200, (2 * group, length), generator=torch.Generator().manual_seed(SEED))
    mask = torch.ones_like(token_ids, dtype=torch.bool)

    def update() -> None:
        policy.zero_grad(set_to_none=True)
        pad = encoder.processor.tokenizer.pad_token_id
        inputs = forward_inputs(policy, PromptedRows(asked, index, encoder.vision_inputs, pad, token_ids, mask))
        with bench.autocast():
            said = token_logprobs(policy, inputs, token_ids, mask, banned=banned_token_ids(policy)).logprobs
        said.mean().backward()

    bench.attempt("a pass of the update", lambda: dearest(bench, update))
    policy.zero_grad(set_to_none=True)
    engine = ForcedLength()
    engine.attach(policy, encoder)

    @torch.no_grad()
    def rollout() -> None:
        with bench.autocast():
            engine.generate(asked, Sampling(group), bench.size(16, 4), list(range(2 * group)))

    bench.attempt("a rollout of 16 tokens", lambda: dearest(bench, rollout))


def dearest(bench: Bench, run: Callable[[], Any]) -> dict[str, Any]:
    """Return the device's time, the launches, and of the dearest kernels name, milliseconds and calls."""
    run()
    bench.sync()
    activities = [ProfilerActivity.CPU, *([] if bench.dry else [ProfilerActivity.CUDA])]
    with torch.profiler.profile(activities=activities) as profile:
        run()
        bench.sync()
    events = profile.key_averages()
    kernels = [(e.key[:80], own_ms(bench, e), e.count) for e in events]
    if not bench.dry:  # an operation of torch has its kernels' time, too
        kernels = [(e.key[:80], own_ms(bench, e), e.count) for e in events if e.device_type.name == "CUDA"]
    kernels.sort(key=lambda kernel: -kernel[1])
    return {
        "device_ms": sum(ms for _, ms, _ in kernels),
        "launches": sum(e.count for e in events if e.key in LAUNCHES),
        "dearest": [list(kernel) for kernel in kernels[:DEAREST]],
    }


def own_ms(bench: Bench, event: Any) -> float:
    """Return an event's own time on the device, children left out."""
    return (event.self_cpu_time_total if bench.dry else event.self_device_time_total) / 1e3
