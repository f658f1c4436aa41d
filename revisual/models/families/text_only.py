"""Models that read text alone (`AutoModelForCausalLM`)."""

from collections.abc import Mapping
from typing import Any

from jaxtyping import Int
from torch import Tensor
from transformers import CONFIG_MAPPING, AutoModelForCausalLM, AutoTokenizer
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES,
)
from transformers.processing_utils import ProcessorMixin
from typing_extensions import override

from revisual.data.picture_coding import NoPictures, PictureCoding
from revisual.models.architecture import TinyArchitecture
from revisual.models.attention import Attention, packed_attention_names
from revisual.models.families.base import ModelFamily, Part, attends_to_all
from revisual.models.families.tiny_sizes import text_sizes
from revisual.models.text_processor import TextProcessor

PACKED = ("llama", "qwen2", "qwen3")
"""Those whose attention takes a layout, as tests show."""


class TextOnly(ModelFamily):
    """Language models; a folder holds a tokenizer and no processor."""

    model_types = (*PACKED, "mistral", "gemma3_text")
    token_types = None

    @classmethod
    @override
    def matches(cls, config: Any) -> bool:
        kind = config.model_type
        return kind in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES and kind not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

    @override
    def auto_class(self) -> Any:
        return AutoModelForCausalLM

    @override
    def load_processor(self, path: str, trust_remote_code: bool) -> ProcessorMixin:
        tokenizer = AutoTokenizer.from_pretrained(path, trust_remote_code=trust_remote_code)
        return TextProcessor(tokenizer)

    @override
    def pictures(self) -> PictureCoding:
        return NoPictures()

    @override
    def refuses(self, model: Any) -> str | None:
        return keeps_state(model)

    @override
    def axes(self, policy: Any) -> int:
        return 0

    @override
    def number_tokens(self, policy: Any, prompts: Mapping[str, Tensor]) -> Int[Tensor, "N S"]:
        return (prompts["attention_mask"].cumsum(1) - 1).clamp(min=0)

    @override
    def packs(self, config: Any) -> bool:
        return (
            config.model_type in PACKED and attends_to_all(config) and getattr(config, "sliding_window", None) is None
        )

    @override
    def attention_names(self, attention: Attention) -> str:
        return packed_attention_names(attention)["text_config"]

    @override
    def part_of(self, parameter: str) -> Part:
        return "language_model"

    @override
    def tiny_config(self, architecture: TinyArchitecture, model_type: str, token_id: Any) -> Any:
        make: Any = CONFIG_MAPPING[model_type]
        sizes = text_sizes(architecture, token_id)
        return make(**sizes, head_dim=architecture.hidden // architecture.heads, tie_word_embeddings=architecture.tied)

    @override
    def tiny_processor(
        self, architecture: TinyArchitecture, model_type: str, tokenizer: Any, chat_template: str
    ) -> ProcessorMixin:
        return TextProcessor(tokenizer)


def keeps_state(model: Any) -> str | None:
    """Return that a model has layers which keep a state; rollouts would need a cache of another kind."""
    kinds = set(getattr(model.config.get_text_config(), "layer_types", None) or ()) - {
        "full_attention",
        "sliding_attention",
        "chunked_attention",
    }
    if not kinds:
        return None
    return f"its layers of kind {', '.join(sorted(kinds))} keep a state, which rollouts and packed rows do not handle"
