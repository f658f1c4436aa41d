"""A policy as an ordinary Hugging Face folder, and its hand-off to the next stage."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from transformers.processing_utils import ProcessorMixin

from revisual.core.errors import UserError
from revisual.core.folders import replaced_folder
from revisual.core.manifest import MANIFEST, hashes
from revisual.core.text import shorten_names
from revisual.data.prompting import Prompting
from revisual.models.chat_template import default_system_turn
from revisual.models.loading_check import not_finite
from revisual.models.lora import has_adapter, plain_name
from revisual.models.processor import save_processor
from revisual.models.sharding import full_tensors
from revisual.models.writing import system_errors


def export_policy(
    policy: nn.Module,
    processor: ProcessorMixin,
    folder: Path,
    weights: Mapping[str, Tensor] | None = None,
    prompting: Prompting | None = None,
) -> None:
    """Write weights (safetensors), config, generation config and processor; adapters are merged in.

    The folder appears whole or not at all: what was there before stays until the new one is complete.

    Args:
        policy: to be written.
        processor: of the policy.
        folder: where to.
        weights: those of `full_tensors`, for a policy whose weights are spread over processes.
        prompting: how it was trained to be asked, which the folder then says, and its chat template does by default.

    Raises:
        UserError: the folder cannot be written (full disk, no permission) or holds what no export wrote; or a weight
            is NaN or infinite.
    """
    state = dict(full_tensors(policy) if weights is None else weights)
    if faulty := not_finite(state):
        raise UserError(f"{folder}: is not written: weights are not finite: {shorten_names(faulty)}")
    with replaced_folder(folder) as new, system_errors():
        _save_model(policy, new, state)
        with default_system_turn(processor, None if prompting is None else prompting.system_prompt):
            save_processor(processor, new)
        if prompting is not None:
            prompting.write(new)
        (new / MANIFEST).write_text(json.dumps(hashes(new), indent=2) + "\n")


def _save_model(policy: Any, folder: Path, state: dict[str, Tensor]) -> None:
    with _as_if_without_adapters(policy):
        policy.save_pretrained(folder, state_dict=state)


@contextmanager
def _as_if_without_adapters(policy: Any) -> Iterator[None]:
    """Let `save_pretrained` within write the model, where it would write the adapters alone.

    It also asks for the shapes of experts' weights, by the names that they have without adapters.
    """
    if not has_adapter(policy):
        yield
        return
    loaded = getattr(policy, "_hf_peft_config_loaded", False)
    plain = {plain_name(name): weight for name, weight in policy.named_parameters()}
    policy._hf_peft_config_loaded, policy.get_parameter = False, plain.__getitem__
    try:
        yield
    finally:
        policy._hf_peft_config_loaded = loaded
        del policy.get_parameter
