"""Two processes, each with a vLLM engine of its own beside its part of the policy."""

import pytest

from .ranks import STRATEGIES, logged, start

pytestmark = pytest.mark.engine
pytest.importorskip("vllm", reason="vllm is not installed")


@pytest.mark.parametrize("strategy", [s for s in STRATEGIES if s != "ddp"])
def test_engines_follow_a_sharded_policy(policy_folder, tmp_path, strategy):
    first, second = start("vllm", policy_folder, tmp_path / "run", 2, strategy)
    gaps = logged(first, "rollout/logprob_gap")
    assert len(gaps) == 4 and all(0 < gap <= 1e-4 for gap in gaps)  # before the first step, and after three
    assert first["moved"] == second["moved"] == [True] * 4
