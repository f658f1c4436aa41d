"""Strategies for `trainer.strategy` that shard a policy."""

from lightning.pytorch.strategies import StrategyRegistry

from revisual.strategies.deepspeed import DeepSpeed
from revisual.strategies.fsdp2 import FSDP2

__all__ = ["FSDP2", "DeepSpeed"]

for name, strategy, options in (
    ("fsdp2", FSDP2, {}),
    ("deepspeed_stage_2", DeepSpeed, {"stage": 2}),
    ("deepspeed_stage_3", DeepSpeed, {"stage": 3}),
    ("deepspeed_stage_3_offload", DeepSpeed, {"stage": 3, "offload": True}),
):  # under Lightning's own names for DeepSpeed, which would refuse CPUs and load no policy under stage 3
    StrategyRegistry.register(name, strategy, override=True, **options)
