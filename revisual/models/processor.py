"""The processor (tokenizer and image processor) of a policy, with or without torchvision."""

import json
from functools import cache
from pathlib import Path
from typing import Any, cast

from transformers import AutoConfig, AutoProcessor, AutoTokenizer
from transformers.processing_utils import ProcessorMixin
from transformers.utils.import_utils import is_torchvision_available

from revisual.core.errors import UserError

THOUGHT_TOKENS = ("<think>", "</think>", "<answer>", "</answer>")
"""Added as ordinary tokens, never special ones: decoding must not strip them before the grader reads them."""

_VIDEO_PROCESSORS = {"qwen2_vl": "Qwen2VLVideoProcessor", "qwen2_5_vl": "Qwen2VLVideoProcessor"}


def load_processor(path: str, *, trust_remote_code: bool = False) -> ProcessorMixin:
    """Return the processor in a model folder or hub repository.

    Qwen's stock processors need torchvision for their video half; without it, the same class is built from its
    tokenizer and image processor alone.

    Raises:
        UserError: the folder has no processor, or not all of it.
    """
    try:
        model_type = AutoConfig.from_pretrained(path, trust_remote_code=trust_remote_code).model_type
        if model_type in _VIDEO_PROCESSORS and not is_torchvision_available():
            return _without_video(path, model_type)
        return AutoProcessor.from_pretrained(path, trust_remote_code=trust_remote_code)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise UserError(f"{path}: no processor could be loaded from this model folder: {reason}") from error


def build_processor(model_type: str, image_processor: Any, tokenizer: Any, chat_template: str | None) -> ProcessorMixin:
    """Return a processor for pictures and text, of the stock class's name, from its two halves."""
    return _image_text_class(model_type)(image_processor, tokenizer, chat_template=chat_template)


def save_processor(processor: ProcessorMixin, folder: Path) -> None:
    """Write a processor such that stock `AutoProcessor` (with torchvision) and vLLM load it.

    Both want the video half to be named, even where only pictures are used.
    """
    processor.save_pretrained(folder)
    path = folder / "processor_config.json"
    config = json.loads(path.read_text())
    if "video_processor" not in config and (name := getattr(processor, "video_processor_type", None)):
        config["video_processor"] = {"video_processor_type": name}
        path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def add_tokens(processor: ProcessorMixin, tokens: tuple[str, ...]) -> None:
    """Add ordinary (not special) tokens that the tokenizer does not have yet."""
    tokenizer = cast(Any, processor).tokenizer
    known = tokenizer.get_vocab()
    tokenizer.add_tokens([token for token in tokens if token not in known], special_tokens=False)


def _without_video(path: str, model_type: str) -> ProcessorMixin:
    # By its own name: transformers 5.16's AutoImageProcessor needs torchvision.
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    tokenizer = AutoTokenizer.from_pretrained(path)
    return build_processor(
        model_type, Qwen2VLImageProcessorPil.from_pretrained(path), tokenizer, tokenizer.chat_template
    )


@cache
def _image_text_class(model_type: str) -> type[ProcessorMixin]:
    from transformers import Qwen2_5_VLProcessor, Qwen2VLProcessor

    stock = Qwen2_5_VLProcessor if model_type == "qwen2_5_vl" else Qwen2VLProcessor

    def get_attributes(cls: type) -> list[str]:
        return ["image_processor", "tokenizer"]

    def init(self: Any, image_processor: Any = None, tokenizer: Any = None, chat_template: Any = None) -> None:
        self.image_token, self.video_token = "<|image_pad|>", "<|video_pad|>"
        self.image_token_id = tokenizer.convert_tokens_to_ids(self.image_token)
        self.video_token_id = tokenizer.convert_tokens_to_ids(self.video_token)
        ProcessorMixin.__init__(self, image_processor, tokenizer, chat_template=chat_template)

    # save_pretrained records the class's name: the stock one, which loads wherever torchvision is installed.
    return type(
        stock.__name__,
        (stock,),
        {
            "get_attributes": classmethod(get_attributes),
            "__init__": init,
            "video_processor_type": _VIDEO_PROCESSORS[model_type],
        },
    )
