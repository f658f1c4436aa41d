"""Gemma 3."""

from collections.abc import Mapping
from typing import Any, ClassVar

from transformers.processing_utils import ProcessorMixin
from typing_extensions import override

from revisual.models.architecture import TinyArchitecture
from revisual.models.families.processor_family import TINY_PATCH, TINY_SIDE, ProcessorFamily, tiny_tower
from revisual.models.families.tiny_sizes import gemma_text_sizes


class Gemma3(ProcessorFamily):
    """A picture's tokens see each other, whichever comes first: forwards are told which they are, and rows padded."""

    model_types = ("gemma3",)
    token_types = "token_type_ids"
    engine_names: ClassVar[Mapping[str, str]] = {"model.vision_tower.": "model.vision_tower.vision_model."}
    processor, image_processor = "Gemma3Processor", "Gemma3ImageProcessorPil"
    tiny_tokens: ClassVar[Mapping[str, str]] = {
        "boi_token": "<|vision_start|>",
        "eoi_token": "<|vision_end|>",
        "image_token": "<|image_pad|>",
    }
    tiny_place = "<|vision_start|>"

    @override
    def packs(self, config: Any) -> bool:
        return False

    @override
    def is_never_used(self, parameter: str) -> bool:
        """Name the head that SigLIP pools a picture by."""
        return ".vision_model.head." in parameter or "vision_tower.head." in parameter

    @override
    def tiny_config(self, architecture: TinyArchitecture, model_type: str, token_id: Any) -> Any:
        from transformers import Gemma3Config

        a = architecture
        return Gemma3Config(
            text_config=gemma_text_sizes(a, token_id) | {"query_pre_attn_scalar": a.hidden // a.heads},
            vision_config=tiny_tower(a),
            mm_tokens_per_image=(TINY_SIDE // TINY_PATCH // 2) ** 2,
            boi_token_index=token_id("<|vision_start|>"),
            eoi_token_index=token_id("<|vision_end|>"),
            image_token_index=token_id("<|image_pad|>"),
            tie_word_embeddings=a.tied,
        )

    @override
    def tiny_processor_options(self) -> dict[str, Any]:
        return {"image_seq_length": (TINY_SIDE // TINY_PATCH // 2) ** 2}

    @override
    def tiny_processor(
        self, architecture: TinyArchitecture, model_type: str, tokenizer: Any, chat_template: str
    ) -> ProcessorMixin:
        # A Gemma's own tokenizer has them, and vLLM asks for each.
        tokenizer.add_tokens(["\n" * count for count in range(1, 5)])
        return super().tiny_processor(architecture, model_type, tokenizer, chat_template)
