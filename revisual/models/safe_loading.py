"""Checkpoints of unknown origin, read without running the code that a pickle can hold."""

import os
import pickle
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from torch.distributed.checkpoint.api import CheckpointException
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


Allowed = Callable[..., Any] | tuple[Callable[..., Any], str]


@contextmanager
def plain_values_only(extra: Iterable[Allowed] = ()) -> Iterator[None]:
    """Let every `torch.load` within read tensors and plain values, whatever its caller asks for.

    torch's planner and DeepSpeed ask for arbitrary objects, and have no option not to.

    Args:
        extra: further classes that may stand in a file, each alone or with the name that it has there.
    """
    before = os.environ.get(_FORCED)
    os.environ[_FORCED] = "1"
    try:
        with torch.serialization.safe_globals(list(extra)):
            yield
    finally:
        os.environ.pop(_FORCED)
        if before is not None:
            os.environ[_FORCED] = before


_FORCED = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"


@contextmanager
def explain_broken(checkpoint: Path) -> Iterator[None]:
    """Turn what readers raise about a file into one line.

    Raises:
        UserError: a checkpoint is absent, cut off, or holds what is not allowed in it.
    """
    try:
        yield
    except _BROKEN as error:
        cause = next(iter(error.failures.values()))[0] if isinstance(error, CheckpointException) else error
        said = " ".join(str(cause).split())
        if "Weights only load failed" in said:
            found = re.search(r"GLOBAL (\S+)", said)
            said = f"it holds {found[1] if found else 'objects'}, and only tensors and plain values may stand in one"
        raise UserError(f"{checkpoint}: cannot read the checkpoint: {said[:300] or type(error).__name__}") from error


_BROKEN = (
    OSError, KeyError, ValueError, RuntimeError, EOFError, AssertionError, pickle.UnpicklingError, CheckpointException,
)  # fmt: skip
