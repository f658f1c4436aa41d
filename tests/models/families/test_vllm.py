"""vLLM draws by the policy of each family that its CPU build computes; `benchmarks/families.py` has them all."""

import pytest
from rollout.vllm.helpers import require_vllm

from models.families.vllm_gap import gap_or_error

pytestmark = pytest.mark.engine
require_vllm()


@pytest.mark.parametrize("family", ["qwen3_vl", "internvl", "glm4v", "smolvlm", "qwen3"])
def test_log_probs_of_rollouts_are_the_stock_forwards(family):
    assert gap_or_error(family) < 1e-5
