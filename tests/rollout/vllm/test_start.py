"""Starting vLLM where it is not installed."""

import importlib.util

import pytest

from revisual.core.errors import UserError
from revisual.rollout.vllm.engine import VLLMRollout


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is installed")
def test_without_vllm_one_line_says_what_to_install(policy, encoder):
    with pytest.raises(UserError, match=r"vLLM is not installed: pip install 'revisual\[vllm\]'"):
        VLLMRollout().attach(policy, encoder)
