"""Teach language models to reason about pictures: ReVisual-R1 and Vision-R1 on Lightning.

`from revisual import SFTModule, GRPOModule` gives the modules for a Trainer of your own.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from revisual.training.grpo import GRPOModule
    from revisual.training.settings import EvalSampling, RolloutSampling
    from revisual.training.sft import SFTModule

__version__ = "0.1.0"
__all__ = ["EvalSampling", "GRPOModule", "RolloutSampling", "SFTModule"]

_HOMES = {
    "EvalSampling": "revisual.training.settings",
    "GRPOModule": "revisual.training.grpo",
    "RolloutSampling": "revisual.training.settings",
    "SFTModule": "revisual.training.sft",
}


def __getattr__(name: str) -> Any:
    """Import torch and Lightning when a module is asked for, and not for `revisual --help`."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'revisual' has no attribute {name!r}")
