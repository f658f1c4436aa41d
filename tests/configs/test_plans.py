"""Every shipped full-size stage fits the memory that its files name, as `revisual plan` counts it."""

import re

import pytest

from revisual.memory_plan.check import estimate_run, machine_of
from revisual.memory_plan.config import configure
from revisual.memory_plan.workload import Given

from .shipped import FULL_SIZE, ON_ONE_GPU, QWEN3_VL, architecture_of, named

pytestmark = pytest.mark.slow


def memory_named(files):
    """Bytes of a GPU, as the last file says that says it."""
    said = [re.search(r"GPUs? of (\d+) GB", path.read_text()) for path in reversed(files)]
    return int(next(found for found in said if found)[1]) * 10**9


def size_of(files):
    return next(
        (
            size
            for size in ("3b", "32b", *QWEN3_VL)
            if any(size in path.parts or path.name.startswith(f"{size}_") for path in files)
        ),
        "7b",
    )


@pytest.mark.parametrize("files", FULL_SIZE + ON_ONE_GPU, ids=named)
def test_a_stage_fits_what_it_names(files):
    configured = configure([f"--config={path}" for path in files], architecture_of(size_of(files)))
    machine = machine_of(configured.config, None, None, memory_named(files))
    plan = estimate_run(configured, machine, Given())
    assert machine.devices == (1 if "single_gpu" in files[-1].parts else 32 if size_of(files) == "32b" else 8)
    assert plan.fits, {name: plan.total(name) / 1e9 for name in plan.phases}
