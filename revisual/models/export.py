"""A policy as an ordinary Hugging Face folder, and its hand-off to the next stage."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from torch import Tensor, nn
from transformers.processing_utils import ProcessorMixin

from revisual.core.errors import UserError
from revisual.core.manifest import MANIFEST, check_export, hashes
from revisual.models.lora import has_adapter
from revisual.models.processor import save_processor
from revisual.models.sharding import full_tensors

__all__ = [
    "MANIFEST",
    "check_export",
    "export_policy",
    "hashes",
    "replaced_folder",
    "restore_folder",
]


def export_policy(
    policy: nn.Module, processor: ProcessorMixin, folder: Path, weights: Mapping[str, Tensor] | None = None
) -> None:
    """Write weights (safetensors), config, generation config and processor; adapters are merged in.

    `weights` are those of `full_tensors`, for a policy whose weights are spread over processes. The folder appears
    whole or not at all: what was there before stays until the new one is complete.

    Raises:
        UserError: the folder cannot be written (full disk, no permission).
    """
    with replaced_folder(folder) as new:
        _save_model(policy, new, dict(full_tensors(policy) if weights is None else weights))
        save_processor(processor, new)
        (new / MANIFEST).write_text(json.dumps(hashes(new), indent=2) + "\n")


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """Give a fresh folder beside `folder` that takes its place when the block ends without an error."""
    new, old = folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")
    try:
        restore_folder(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        yield new
        if folder.exists():
            shutil.rmtree(old, ignore_errors=True)  # of a run that was killed before it could
            folder.rename(old)
        new.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        restore_folder(folder)
        raise UserError(f"cannot write {folder}: {error.strerror or error}; what was there before is kept") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def restore_folder(folder: Path) -> None:
    """Bring back the old folder where a kill came between the two renames."""
    old = folder.with_name(f".{folder.name}.old")
    if old.exists() and not folder.exists():
        old.rename(folder)


def _save_model(policy: Any, folder: Path, state: dict[str, Tensor]) -> None:
    adapted = has_adapter(policy)
    loaded = getattr(policy, "_hf_peft_config_loaded", False)
    if adapted:  # else save_pretrained would write the adapter alone
        policy._hf_peft_config_loaded = False
    try:
        policy.save_pretrained(folder, state_dict=state)
    except SafetensorError as error:  # what a full disk is here
        raise OSError(0, str(error)) from error
    finally:
        if adapted:
            policy._hf_peft_config_loaded = loaded
