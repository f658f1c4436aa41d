"""DeepSpeed's ZeRO: optimizer states, gradients and, at stage 3, weights spread over processes."""

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from jaxtyping import Float
from lightning.fabric.utilities.seed import reset_seed
from lightning.pytorch.accelerators import CUDAAccelerator
from lightning.pytorch.strategies import DeepSpeedStrategy
from torch import Tensor, nn

from revisual.core.errors import UserError
from revisual.models.deepspeed_files import records_and_plain_values, require_plain
from revisual.models.safe_loading import explain_broken
from revisual.training.strategies.placement import Placement
from revisual.training.strategies.saving import replaced_together


class DeepSpeed(Placement, DeepSpeedStrategy):
    """Lightning's DeepSpeed strategy, with policies that load under stage 3, and on CPUs too.

    Args:
        stage: 1: optimizer states are spread, 2: gradients too, 3: weights too.
        offload: optimizer states, and at stage 3 the weights, stay in the host's memory.
    """

    def __init__(self, stage: Literal[1, 2, 3] = 2, offload: bool = False, **options: Any) -> None:
        if importlib.util.find_spec("deepspeed") is None:
            raise UserError("the DeepSpeed strategies need the deepspeed package: pip install 'revisual[deepspeed]'")
        super().__init__(
            stage=stage,
            offload_optimizer=offload,
            offload_parameters=offload and stage == 3,
            logging_batch_size_per_gpu=1,  # Lightning would look for one in the loader, to log a rate
            **options,
        )
        # In the model's type, bfloat16, sums of many passes would lose their last digits.
        self.config.setdefault("data_types", {})["grad_accum_dtype"] = "fp32"  # type: ignore[union-attr]
        self._dropped: list[tuple[dict[str, Any], float]] = []

    def setup_environment(self) -> None:
        """Set up the environment also on CPUs, on which DeepSpeed runs by gloo and which Lightning's own refuses."""
        super(DeepSpeedStrategy, self).setup_environment()

    def setup_distributed(self) -> None:
        """Set up processes as Lightning does; CPUs have no device index to check."""
        if isinstance(self.accelerator, CUDAAccelerator):
            super().setup_distributed()
            return
        from deepspeed import ops

        # A collective operator that it would compile at the first start. A process that is killed meanwhile leaves a
        # lock behind, for which all later runs wait for ever.
        ops.__compatible_ops__["deepspeed_shm_comm"] = False
        reset_seed()
        self.set_world_ranks()
        self._init_deepspeed_distributed()

    @property
    def root_device(self) -> torch.device:
        """With an index, which DeepSpeed asks for."""
        device = super().root_device
        return torch.device("cpu", self.local_rank) if device.type == "cpu" else device

    @contextmanager
    def model_sharded_context(self) -> Iterator[None]:
        """Leave weights alone: transformers spreads them while it reads them, and nothing around `configure_model`."""
        self._init_config_if_needed()
        yield

    def place(self, load: Callable[[], nn.Module]) -> nn.Module:
        """Load a model. At stage 3, transformers reads one file at a time and leaves each process its part."""
        from deepspeed import zero
        from transformers.integrations.deepspeed import HfDeepSpeedConfig

        # transformers asks for this object by a weak reference whenever it loads a model.
        self._hf_config = HfDeepSpeedConfig(self.config)
        with torch.device("cpu"):
            policy: Any = load()
        if self.zero_stage_3:  # log-probs read the head's weight without a call of the head
            zero.register_external_parameter(policy, policy.get_output_embeddings().weight)
        return policy

    def accumulate_gradients(self, loss: Float[Tensor, ""]) -> None:
        """Go back through a pass that is not an update's last, which DeepSpeed has to be told."""
        engine: Any = self.deepspeed_engine
        engine.set_gradient_accumulation_boundary(False)
        try:
            self.backward(loss, None)
        finally:
            engine.set_gradient_accumulation_boundary(True)
        # DeepSpeed does it when its engine's forward begins, which passes within one training step do not: stage 3
        # would else overwrite the gradients of one pass by those of the next.
        engine.optimizer.clear_backward_seen_flag()

    def backward(self, closure_loss: Tensor, optimizer: Any, *args: Any, **kwargs: Any) -> Tensor:
        """Go back without DeepSpeed's own division by the number of passes: losses are shares of an update's."""
        return super().backward(closure_loss, optimizer, *args, scale_wrt_gas=False, **kwargs)

    def drop_step(self, optimizer: Any) -> None:
        """Step with a rate of 0, as DeepSpeed steps whatever the gradients are: only the momenta fade."""
        self._dropped = [(group, group["lr"]) for group in optimizer.param_groups]
        for group in optimizer.param_groups:
            group["lr"] = 0.0

    def optimizer_step(self, *args: Any, **kwargs: Any) -> Any:
        """Step, and give the rates back after a dropped step."""
        try:
            return super().optimizer_step(*args, **kwargs)
        finally:
            for group, rate in self._dropped:
                group["lr"] = rate
            self._dropped = []

    def load_checkpoint(self, checkpoint_path: str | Path, weights_only: bool | None = None) -> dict[str, Any]:
        """As Lightning's; a checkpoint that holds more than tensors, plain values and DeepSpeed's records is refused.

        Raises:
            UserError: it does, or is broken.
        """
        path = Path(checkpoint_path)
        if (path / "latest").is_file():
            require_plain(path)
        with explain_broken(path), records_and_plain_values():
            return super().load_checkpoint(checkpoint_path, weights_only=True)

    def save_checkpoint(self, checkpoint: dict[str, Any], filepath: str | Path, storage_options: Any = None) -> None:
        """Save as Lightning does; the folder appears whole or not at all."""
        with replaced_together(self, filepath) as folder:
            super().save_checkpoint(checkpoint, folder, storage_options)
