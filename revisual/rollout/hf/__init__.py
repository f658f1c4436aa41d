"""Rollouts by the policy itself, in this process."""

from revisual.rollout.hf.engine import HFRollout

__all__ = ["HFRollout"]
