"""Strategies for `trainer.strategy` that shard a policy."""

from revisual.strategies.deepspeed import DeepSpeed
from revisual.strategies.fsdp2 import FSDP2

__all__ = ["FSDP2", "DeepSpeed"]
