"""Starting the jobs of two_ranks.py: one process, several on one machine, or as many nodes of one process each."""

import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

needs_deepspeed = pytest.mark.skipif(find_spec("deepspeed") is None, reason="deepspeed is not installed")
STRATEGIES = [
    "ddp",
    "fsdp2",
    *(pytest.param(f"deepspeed_{stage}", marks=needs_deepspeed, id=f"deepspeed_{stage}") for stage in (2, 3)),
]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run"]


def run(job, policy_folder, folder, world, strategy="auto", *rest):
    """The finished job."""
    folder.mkdir()
    script = [Path(__file__).with_name("two_ranks.py"), job, policy_folder, folder, world, strategy, *rest]
    script = [str(part) for part in script]
    if world == 1:
        return subprocess.run([sys.executable, *script], capture_output=True, text=True, timeout=900)
    if not strategy.endswith("_nodes"):
        launch = [*TORCHRUN, "--standalone", f"--nproc-per-node={world}"]
        return subprocess.run([*launch, *script], capture_output=True, text=True, timeout=900)
    launch = [*TORCHRUN, f"--nnodes={world}", "--nproc-per-node=1", "--master-addr=127.0.0.1"]
    launch.append(f"--master-port={free_port()}")
    others = [subprocess.Popen([*launch, f"--node-rank={n}", *script]) for n in range(1, world)]
    try:
        return subprocess.run([*launch, "--node-rank=0", *script], capture_output=True, text=True, timeout=900)
    finally:
        assert [other.wait(120) for other in others] == [0] * len(others)


def start(job, policy_folder, folder, world, strategy="auto", *rest):
    """What each rank of the job kept."""
    return start_all([job], policy_folder, folder, world, strategy, *rest)[job]


def start_all(jobs, policy_folder, folder, world, strategy="auto", *rest):
    """The same for several jobs, one after another in the same processes."""
    done = run("+".join(jobs), policy_folder, folder, world, strategy, *rest)
    assert done.returncode == 0, done.stderr[-4000:]
    files = {job: [folder / job / f"rank{rank}.pt" for rank in range(world)] for job in jobs}
    return {job: [torch.load(path, weights_only=False) for path in paths] for job, paths in files.items()}


def logged(result, name):
    return [row[name] for _, row in result["rows"] if name in row]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
