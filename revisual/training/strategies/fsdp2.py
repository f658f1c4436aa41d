"""Weights, gradients and optimizer states spread over processes by FSDP2."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.strategies import ModelParallelStrategy
from torch import nn
from torch.distributed.checkpoint.state_dict import StateDictOptions, set_model_state_dict
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

from revisual.models.safe_loading import explain_broken, plain_values_only, read_metadata
from revisual.training.strategies.placement import Placement
from revisual.training.strategies.saving import replaced_together


class FSDP2(Placement, ModelParallelStrategy):
    """`torch.distributed.fsdp.fully_shard` on every block of the policy, over all processes of all nodes.

    Args:
        hybrid: shard within a node and copy between nodes: less traffic between nodes, for as many times the memory
            as there are nodes.
        sharded_checkpoints: each process writes its part into a folder; else one file is written, by way of the first
            process's memory.
        process_group_backend: null: gloo on a CPU, NCCL on GPUs.
        timeout: how long a collective operation may take, as hours:minutes:seconds.
    """

    def __init__(
        self,
        hybrid: bool = False,
        sharded_checkpoints: bool = True,
        process_group_backend: str | None = None,
        timeout: timedelta = timedelta(minutes=30),
    ) -> None:
        super().__init__(
            save_distributed_checkpoint=sharded_checkpoints,
            process_group_backend=process_group_backend,
            timeout=timeout,
        )
        self.hybrid = hybrid

    def setup_environment(self) -> None:
        """Set up process groups: all processes share the data; Lightning's own default is one group per node."""
        self._data_parallel_size, self._tensor_parallel_size = self.num_nodes * self.num_processes, 1
        super().setup_environment()

    def place(self, load: Callable[[], nn.Module]) -> nn.Module:
        """Load a model: the first process alone reads the weights, and hands each process its part."""
        with torch.device("meta"):
            policy: Any = load()
        whole = load() if self.global_rank == 0 else None
        self.shard(policy)
        policy.to_empty(device=self.root_device)
        policy.tie_weights()
        options = StateDictOptions(full_state_dict=True, broadcast_from_rank0=True)
        set_model_state_dict(policy, {} if whole is None else dict(whole.state_dict()), options=options)
        buffers = {} if whole is None else dict(whole.named_buffers())
        for name, buffer in policy.named_buffers():  # those that no state dict holds, too: rotary frequencies
            if self.global_rank == 0:
                buffer.copy_(buffers[name])
            torch.distributed.broadcast(buffer, 0)
        return policy

    def shard(self, policy: Any) -> None:
        """Shard a model: each block is a unit that is gathered when it is computed; the rest is one more."""
        options: dict[str, Any] = {"mesh": self.mesh(), "mp_policy": self.mixed_precision()}
        blocks = set(policy._no_split_modules or ())
        for module in list(policy.modules()):
            if type(module).__name__ in blocks:
                fully_shard(module, **options)
        fully_shard(policy, **options)

    def mesh(self) -> DeviceMesh:
        """Return the mesh of processes for the shards; for hybrid sharding, its first dimension holds their copies."""
        if not self.hybrid:
            return self.device_mesh["data_parallel"]
        size = (self.num_nodes, self.num_processes)
        return init_device_mesh(self.root_device.type, size, mesh_dim_names=("replicate", "shard"))

    def mixed_precision(self) -> MixedPrecisionPolicy:
        """Return the policy of precision: with bf16-mixed, weights travel in half; gradients are summed in float32."""
        if self.precision_plugin.precision != "bf16-mixed":
            return MixedPrecisionPolicy()
        return MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)

    def load_checkpoint(self, checkpoint_path: str | Path, weights_only: bool | None = None) -> dict[str, Any]:
        """As Lightning's; a checkpoint that holds more than tensors and plain values is refused.

        Raises:
            UserError: it does, or is broken.
        """
        path = Path(self.broadcast(checkpoint_path))
        if path.is_dir():
            read_metadata(path)  # which torch then reads without a check
        with explain_broken(path), plain_values_only():
            return super().load_checkpoint(path, weights_only=True)

    def save_checkpoint(self, checkpoint: dict[str, Any], filepath: str | Path, storage_options: Any = None) -> None:
        """Save as Lightning does; a folder appears whole or not at all, as a file does."""
        if not self._save_distributed_checkpoint:
            super().save_checkpoint(checkpoint, filepath, storage_options)
            return
        with replaced_together(self, filepath) as folder:
            super().save_checkpoint(checkpoint, folder, storage_options)
