"""Two processes that share a policy under FSDP2, and have an engine of vLLM's each."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from .helpers import ENVIRONMENT, require_vllm, save_policy

pytestmark = pytest.mark.engine
require_vllm()


@pytest.mark.parametrize("job", ["whole", "lora"])
def test_each_process_has_an_engine_with_the_weights_of_all(job, tmp_path):
    """After every optimizer step the engines' log-probs are the sharded policy's, or the run would have ended."""
    save_policy(tmp_path / "policy")
    program = Path(__file__).with_name("fsdp2.py")
    words = ["torch.distributed.run", "--standalone", "--nproc-per-node=2", program, job, tmp_path / "policy", tmp_path]
    done = subprocess.run(
        [sys.executable, "-m", *map(str, words)], env=os.environ | ENVIRONMENT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-6000:]
    for rank in range(2):
        result = torch.load(tmp_path / f"{job}-rank{rank}.pt")
        assert len(result["moved"]) == 3 and all(result["moved"])
        assert any("lora_" in name for name in result["names"]) == (job == "lora")
        if rank == 0:
            assert len(result["gaps"]) == 3 and max(result["gaps"]) < 1e-4
