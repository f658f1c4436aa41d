"""Checkpoints of unknown origin, read without running the code that a pickle can hold."""

import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from torch.distributed.checkpoint.filesystem import FileSystemReader
from torch.distributed.checkpoint.metadata import Metadata, StorageMeta

from revisual.core.errors import UserError

METADATA = ".metadata"
"""Of a sharded checkpoint: a pickle that torch itself reads without a check."""

_CHECKPOINT = "torch.distributed.checkpoint"
ALLOWED = {
    *((f"{_CHECKPOINT}.metadata", name) for name in (
        "Metadata", "MetadataIndex", "StorageMeta", "TensorProperties", "TensorStorageMetadata",
        "BytesStorageMetadata", "ChunkStorageMetadata", "_MEM_FORMAT_ENCODING",
    )),
    (f"{_CHECKPOINT}.filesystem", "_StorageInfo"),
    ("torch", "Size"),
    ("torch.serialization", "_get_layout"),
    ("pathlib", "PosixPath"), ("pathlib", "PurePosixPath"), ("pathlib._local", "PosixPath"),
}  # fmt: skip
"""What `.metadata` is made of, besides torch's types of numbers."""

DEEPSPEED = (
    ("deepspeed.runtime.fp16.loss_scaler", "LossScaler"),
    ("deepspeed.runtime.fp16.loss_scaler", "DynamicLossScaler"),
    ("deepspeed.runtime.zero.config", "ZeroStageEnum"),
    ("deepspeed.utils.tensor_fragment", "fragment_address"),
)
"""Plain records that DeepSpeed keeps beside its tensors."""


class _MetadataUnpickler(pickle.Unpickler):
    """Finds the parts of a sharded checkpoint's metadata, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in ALLOWED:
            return super().find_class(module, name)
        if module == "torch" and isinstance(found := getattr(torch, name, None), torch.dtype):
            return found
        raise pickle.UnpicklingError(f"it holds {module}.{name}, which is no part of a checkpoint")


def read_metadata(folder: Path) -> Metadata:
    """Read the metadata of a sharded checkpoint; what is not a part of one is refused before it is made.

    Raises:
        UserError: it is broken, or holds something else.
    """
    try:
        metadata = _MetadataUnpickler(BytesIO((folder / METADATA).read_bytes())).load()
    except Exception as error:  # a broken pickle may raise anything
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(f"{folder / METADATA}: cannot read the checkpoint: {reason}") from error
    if not isinstance(metadata, Metadata):
        raise UserError(f"{folder / METADATA}: cannot read the checkpoint: it holds no metadata")
    return metadata


class SafeReader(FileSystemReader):
    """torch's reader of sharded checkpoints, with metadata from `read_metadata`."""

    def read_metadata(self, *args: Any, **options: Any) -> Metadata:
        """Read `.metadata` by the allow-list."""
        metadata = read_metadata(Path(self.path))
        metadata.storage_meta = metadata.storage_meta or StorageMeta()
        metadata.storage_meta.load_id = self.load_id
        return metadata


@contextmanager
def plain_values_only(extra: tuple[tuple[str, str], ...] = ()) -> Iterator[None]:
    """Let every `torch.load` within read tensors and plain values, whatever its caller asks for.

    torch's planner and DeepSpeed ask for arbitrary objects, and have no option not to.

    Args:
        extra: modules and names of further classes that may stand in a file.
    """
    before = os.environ.get(_FORCED)
    os.environ[_FORCED] = "1"
    try:
        with torch.serialization.safe_globals(list(_found(extra))):
            yield
    finally:
        os.environ.pop(_FORCED)
        if before is not None:
            os.environ[_FORCED] = before


_FORCED = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"


def _found(names: tuple[tuple[str, str], ...]) -> Iterator[Callable[..., Any]]:
    for module, name in names:
        if hasattr(import_module(module), name):
            yield getattr(import_module(module), name)
