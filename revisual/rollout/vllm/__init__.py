"""Rollouts by vLLM: in this process, or by a server."""

from revisual.rollout.vllm.engine import VLLMRollout
from revisual.rollout.vllm.server import VLLMServerRollout

__all__ = ["VLLMRollout", "VLLMServerRollout"]
