"""`revisual evaluate --engine vllm`: the same policy, answered by vLLM in this process."""

import os
import subprocess
import sys

import pytest
from rollout.vllm.helpers import ENVIRONMENT, require_vllm, save_policy

from revisual.evaluation.answers import read_answers

from .sums import CUSTOM, write_sums

pytestmark = pytest.mark.engine
require_vllm()


def answers(engine, policy, data, out):
    words = ["evaluate", f"--model={policy}", f"--custom={CUSTOM}", f"--data={data}", f"--out={out}"]
    words += [f"--engine={engine}", "--temperature=0", "--max_tokens=8"]
    command = [sys.executable, "-m", "revisual", *words]
    done = subprocess.run(command, env=os.environ | ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return [(one.item_id, one.response, one.tokens) for one in read_answers(out / "results.jsonl")]


def test_both_engines_say_the_same(tmp_path):
    """Greedily, with pictures and without; of a folder, in its own journal under its own keys."""
    data, policy = write_sums(tmp_path / "data", 6), tmp_path / "policy"
    save_policy(policy)
    found = {engine: answers(engine, policy, data, tmp_path / engine) for engine in ("transformers", "vllm")}
    assert found["vllm"] == found["transformers"] and len(found["vllm"]) == 6
    assert answers("vllm", policy, data, tmp_path / "transformers") == found["vllm"]
    assert len((tmp_path / "transformers/answers/sums.jsonl").read_bytes().splitlines()) == 12
