"""Reinforcement learning on rollouts: pure functions of tensors, no input or output."""
