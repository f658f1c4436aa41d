"""The machine: its card, and the versions of what matters."""

import os
import platform
from importlib import metadata, util
from typing import Any

import torch
from bench import SEED, Bench

PACKAGES = ("torch", "transformers", "lightning", "trl", "flash_attn")


def measure(bench: Bench) -> None:
    """Report them, and the rate of a large product of bfloat16 matrices, which nothing on the card goes beyond."""
    torch.manual_seed(SEED)
    found: dict[str, Any] = {"python": platform.python_version(), "cores": os.cpu_count()}
    found |= {name: metadata.version(name) for name in PACKAGES if util.find_spec(name) is not None}
    if not bench.dry and not torch.cuda.is_available():
        bench.report("machine", **found)
        return
    if not bench.dry:
        card = torch.cuda.get_device_properties(0)
        found |= {"gpu": card.name, "memory_gb": card.total_memory / 1e9, "cuda": torch.version.cuda}
    size = bench.size(8192, 256)
    a, b = (torch.randn(size, size, device=bench.device, dtype=torch.bfloat16) for _ in "ab")
    seconds = bench.seconds(lambda: [a @ b for _ in range(10)])
    bench.report("machine", **found, matmul_tflops=10 * 2 * size**3 / seconds / 1e12)
