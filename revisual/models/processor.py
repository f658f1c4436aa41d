"""The processor (tokenizer and image processor) of a policy, with or without torchvision."""

import json
import re
from pathlib import Path
from typing import Any, cast

from transformers import AutoConfig
from transformers.processing_utils import ProcessorMixin

from revisual.core.errors import UserError
from revisual.models.chat_template import remove_default_system_turn
from revisual.models.families import find_family
from revisual.models.template_trial import try_chat_template

THOUGHT_TOKENS = ("<think>", "</think>", "<answer>", "</answer>")
"""Added as ordinary tokens, never special ones: decoding must not strip them before the grader reads them."""


def require_model(path: str) -> None:
    """Refuse at once a folder that is not there, which would be looked for on the hub for half a minute.

    A path is no hub's name if it has another form than `name` or `owner/name`, or if what stands before its slash is a
    folder here: `out/exprot`.

    Raises:
        UserError: there is no such folder.
    """
    if Path(path).is_dir():
        return
    owner, slash, _ = path.partition("/")
    if not re.fullmatch(r"\w[\w.-]*(/[\w.-]+)?", path) or (slash and Path(owner).is_dir()):
        raise UserError(f"{path}: no such folder, of which the policy is to be loaded")


def load_processor(path: str, *, trust_remote_code: bool = False) -> ProcessorMixin:
    """Return the processor in a model folder or hub repository.

    Where stock processors need torchvision for their video half, a family without it builds the same class from its
    tokenizer and image processor alone. Of a model that reads text alone it is the tokenizer. The chat template is
    without the system turn that an export adds to it.

    Raises:
        UserError: there is no such folder, it has no processor or not all of it, or its chat template is not sound.
    """
    require_model(path)
    try:
        config = AutoConfig.from_pretrained(path, trust_remote_code=trust_remote_code)
        processor = find_family(config).load_processor(path, trust_remote_code)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError) as error:
        if isinstance(error, OSError) and "couldn't connect to" in str(error):
            raise UserError(
                f"{path}: is no folder here, not in the cache, and the hub cannot be reached: name a model's folder"
            ) from error
        reason = " ".join(str(error).split())[:300]
        raise UserError(f"{path}: no processor could be loaded from this model folder: {reason}") from error
    remove_default_system_turn(processor)
    try_chat_template(processor, path)
    return processor


def save_processor(processor: ProcessorMixin, folder: Path) -> None:
    """Write a processor such that stock `AutoProcessor` (with torchvision) and vLLM load it.

    Both want the video half to be named, even where only pictures are used.
    """
    processor.save_pretrained(folder)
    path = folder / "processor_config.json"
    if not path.exists():  # a tokenizer alone
        return
    config = json.loads(path.read_text())
    if "video_processor" not in config and (name := getattr(processor, "video_processor_type", None)):
        config["video_processor"] = {"video_processor_type": name}
        path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def lacking_tokens(processor: ProcessorMixin, tokens: tuple[str, ...]) -> list[str]:
    """Return those that the tokenizer does not have."""
    known = cast(Any, processor).tokenizer.get_vocab()
    return [token for token in tokens if token not in known]


def add_tokens(processor: ProcessorMixin, tokens: tuple[str, ...]) -> None:
    """Add ordinary (not special) tokens that the tokenizer does not have yet."""
    cast(Any, processor).tokenizer.add_tokens(lacking_tokens(processor, tokens), special_tokens=False)
