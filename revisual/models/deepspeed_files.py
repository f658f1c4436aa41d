"""Checkpoints of DeepSpeed, read without running the code that a pickle can hold."""

import contextlib
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from revisual.core.checkpoint_files import DEEPSPEED_TAG
from revisual.core.errors import UserError
from revisual.models.safe_loading import Allowed, explain_broken, plain_values_only

RECORDS = (
    ("deepspeed.runtime.fp16.loss_scaler", "LossScaler"),
    ("deepspeed.runtime.fp16.loss_scaler", "DynamicLossScaler"),
    ("deepspeed.runtime.zero.config", "ZeroStageEnum"),
    ("deepspeed.utils.tensor_fragment", "fragment_address"),
)
"""Plain records that DeepSpeed keeps beside its tensors, by module and name."""


class _Record:
    """Stands for one of these where DeepSpeed is not needed."""

    def __new__(cls, *args: Any) -> "_Record":
        return super().__new__(cls)


def require_plain(folder: Path) -> None:
    """Check that a checkpoint's files hold tensors, plain values and DeepSpeed's records, without making the latter.

    Raises:
        UserError: one holds something else, or is broken, or they lie elsewhere than in the folder. Names the file.
    """
    tag = (folder / "latest").read_text(encoding="utf-8", errors="replace").strip()
    if tag != DEEPSPEED_TAG:
        raise UserError(f"{folder / 'latest'}: names {tag[:100]!r}, and a run's checkpoint lies in {DEEPSPEED_TAG!r}")
    with plain_values_only((_Record, f"{module}.{name}") for module, name in RECORDS):
        for path in sorted((folder / tag).rglob("*.pt")):
            with explain_broken(path):
                torch.load(path, map_location="cpu", mmap=True)


@contextmanager
def records_and_plain_values() -> Iterator[None]:
    """Let DeepSpeed's readers within read nothing but tensors, plain values and its records."""
    with plain_values_only(_found()):
        yield


def _found() -> Iterator[Allowed]:
    for module, name in RECORDS:
        if hasattr(import_module(module), name):
            yield getattr(import_module(module), name)


def read_deepspeed(folder: Path) -> dict[str, Tensor]:
    """Return a module's weights, put together in float32.

    Raises:
        UserError: a file holds what may not stand in one, or DeepSpeed is not installed.
    """
    require_plain(folder)
    try:
        from deepspeed.utils import logger
        from deepspeed.utils.zero_to_fp32 import get_fp32_state_dict_from_zero_checkpoint
    except ImportError:
        raise UserError(f"{folder}: to read it needs DeepSpeed: pip install 'revisual[deepspeed]'") from None
    logger.setLevel(logging.ERROR)
    with records_and_plain_values(), contextlib.redirect_stdout(io.StringIO()):  # it says what it does, line by line
        return get_fp32_state_dict_from_zero_checkpoint(str(folder), tag=DEEPSPEED_TAG)
