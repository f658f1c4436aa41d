"""Strategies for `trainer.strategy` that shard a policy."""

from lightning.pytorch.strategies import StrategyRegistry

from revisual.training.strategies.deepspeed import DeepSpeed
from revisual.training.strategies.fsdp2 import FSDP2

__all__ = ["FSDP2", "DeepSpeed"]

# Under Lightning's own names for DeepSpeed, whose strategies refuse CPUs and load no policy under stage 3.
register = StrategyRegistry.register
register("fsdp2", FSDP2, override=True)
register("deepspeed_stage_2", DeepSpeed, override=True, stage=2)
register("deepspeed_stage_3", DeepSpeed, override=True, stage=3)
register("deepspeed_stage_3_offload", DeepSpeed, override=True, stage=3, offload=True)
