"""What vLLM needs before it has weights: to be installed, a model folder, and a loader that loads nothing."""

import importlib.util
from importlib import import_module
from pathlib import Path
from typing import Any

from torch.distributed.fsdp import FSDPModule

from revisual.core.errors import UserError
from revisual.models.processor import save_processor

BLANK = "revisual_blank"
"""The load format of an engine that starts without weights."""


def require_vllm() -> None:
    """Check that vLLM can be had.

    Raises:
        UserError: it is not installed.
    """
    if importlib.util.find_spec("vllm") is None:
        raise UserError("engine: vLLM is not installed: pip install 'revisual[vllm]' on a GPU; see docs/engines.md")


def save_without_weights(policy: Any, processor: Any, folder: Path) -> None:
    """Write a model folder that lacks only the weights."""
    config = type(policy.config).from_dict(policy.config.to_dict())
    # FSDP2 gives a sharded model a class of its own.
    config.architectures = [next(k.__name__ for k in type(policy).__mro__ if not issubclass(k, FSDPModule))]
    config.save_pretrained(folder)
    save_processor(processor, folder)


def register_blank_loader() -> None:
    """Let vLLM start with parameters of zero under the load format `BLANK`.

    Its own "dummy" format also draws buffers at random, such as those that pictures are normalized with; checkpoints
    do not hold them, so that no weights sent later would put them right.
    """
    loaders = import_module("vllm.model_executor.model_loader")
    base: Any = import_module("vllm.model_executor.model_loader.base_loader").BaseModelLoader

    class BlankLoader(base):
        def download_model(self, model_config: Any) -> None:
            """Do nothing: there is nothing to download."""

        def load_weights(self, model: Any, model_config: Any) -> None:
            for parameter in model.parameters():
                parameter.data.zero_()

    loaders.register_model_loader(BLANK)(BlankLoader)
