"""Checks of a policy's forwards that were passed before: the same policy in the same run is not checked twice."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.distributed.tensor import DTensor

import revisual
from revisual.core.distributed import all_gather_objects, get_rank
from revisual.core.files import cache_folder, write_atomically
from revisual.data.encoding import PromptEncoder
from revisual.models.checksums import checksum
from revisual.rollout.hf.engine import HFRollout
from revisual.training.forward_check import check_forwards

if TYPE_CHECKING:
    from revisual.training.answering_module import AnsweringModule

log = logging.getLogger(__name__)

PACKAGES = ("torch", "transformers", "tokenizers", "pillow", "torchvision", "peft", "deepspeed", "lightning",
            "flash-attn", "flash-attn-3", "flash-attn-4", "fla-core", "causal-conv1d", "kernels")  # fmt: skip
"""Those that may compute anything of a forward, or make its inputs."""


def check_forwards_once(module: "AnsweringModule") -> None:
    """Check the forwards of a module's policy as it will train, unless it has passed before."""
    own, trainer = isinstance(module.engine.engine, HFRollout), module.trainer
    context, strategy = trainer.precision_plugin.forward_context, type(trainer.strategy).__qualname__
    run = {"precision": trainer.precision, "strategy": strategy, "loader": module.policy_loader, "rollouts": own}
    check_unless_passed(
        describe_check(module.policy, module.encoder, **run),
        lambda: check_forwards(module.policy, module.encoder, context, own),
    )


def check_unless_passed(of: Mapping[str, str], check: Callable[[], Mapping[str, float]]) -> None:
    """Check a policy, unless every process finds that it has passed; what is passed is kept in the cache folder.

    Args:
        of: what the outcome depends on, on this process; see `describe_check`. Empty: it is not known in full.
        check: raises where the policy is not sound, and returns how far its forwards are off.
    """
    kept = cache_folder() / "forwards" / f"{_digest(json.dumps(dict(of), sort_keys=True))}.json"
    if all(all_gather_objects(bool(of) and _has_passed(kept, of))):
        log.info("policy.check: passed before, with these weights and versions: %s", kept)
        return
    gaps = check()
    if of:
        try:
            write_atomically(kept, json.dumps({"of": dict(of), "gaps": dict(gaps)}, indent=2) + "\n")
        except OSError as error:  # of the cache folder: full, or not to be written
            log.warning("%s: cannot be kept: %s", kept, error)


def _has_passed(kept: Path, of: Mapping[str, str]) -> bool:
    try:
        return bool(json.loads(kept.read_text(encoding="utf-8"))["of"] == of)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def describe_check(policy: Any, encoder: PromptEncoder, **run: Any) -> dict[str, str]:
    """Return all that a check's outcome depends on, as this process sees it: its part of the weights, bit for bit.

    Empty where the policy's code is not transformers' own, of which no version tells anything.

    Args:
        policy: as it will train.
        encoder: makes its prompts.
        run: what else the run computes with, such as its strategy and precision.
    """
    if not type(policy).__module__.startswith("transformers.models."):
        return {}
    device, processor = policy.device, encoder.processor
    return {
        "revisual": _own_code(),
        "packages": ", ".join(_versions()),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else str(device),
        "products": f"{torch.get_float32_matmul_precision()}, {torch.are_deterministic_algorithms_enabled()}",
        "config": _digest(policy.config.to_json_string(use_diff=False)),
        "weights": _digest(*_weights(policy)),
        "processor": _digest(*_texts(processor)),
        "told": json.dumps([dict(encoder.chat_template_kwargs), encoder.half_patches], sort_keys=True, default=str),
        "process": f"{get_rank()} of {len(all_gather_objects(None))}",
        **{name: str(value) for name, value in run.items()},
    }


@cache
def _own_code() -> str:
    """Return a digest of this package's code, a changed line of which may change any forward."""
    files = sorted(Path(revisual.__path__[0]).rglob("*.py"))
    return _digest(*(file.read_text(encoding="utf-8") for file in files))


@cache
def _versions() -> tuple[str, ...]:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"no {name}")
    return tuple(found)


def _weights(policy: Any) -> Iterator[str]:
    """Yield name and checksum of each weight, or of the part of it that this process holds."""
    tensors: dict[str, Tensor] = dict(policy.named_parameters()) | dict(policy.named_buffers())
    for name, tensor in tensors.items():
        spread: Any = getattr(tensor, "ds_tensor", tensor)  # of ZeRO-3
        local = spread.to_local() if isinstance(spread, DTensor) else spread
        yield f"{name} {checksum(local)} {tensor.requires_grad}"


def _texts(processor: Any) -> Iterator[str]:
    tokenizer = processor.tokenizer
    yield from (str(getattr(owner, "chat_template", None)) for owner in (processor, tokenizer))
    yield str(processor)
    backend = getattr(tokenizer, "backend_tokenizer", None)
    yield str(tokenizer) if backend is None else backend.to_str()


def _digest(*texts: str) -> str:
    total = hashlib.sha256()
    for text in texts:
        total.update(f"{len(text)} {text}".encode())
    return total.hexdigest()[:32]
