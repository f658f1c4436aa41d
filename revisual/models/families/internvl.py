"""InternVL3 and InternVL3.5, in transformers' own form (-HF)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from typing_extensions import override

from revisual.models.architecture import TinyArchitecture
from revisual.models.families.processor_family import TINY_PATCH, TINY_SIDE, ProcessorFamily, tiny_tower
from revisual.models.families.text_only import TextOnly


class InternVL(ProcessorFamily):
    """Pictures in tiles, as many as fit their shape, and a whole small one; tokens are numbered one by one."""

    model_types = ("internvl",)
    processor, image_processor = "InternVLProcessor", "GotOcr2ImageProcessorPil"
    video_processor = "InternVLVideoProcessor"
    tiny_tokens: ClassVar[Mapping[str, str]] = {
        "start_image_token": "<|vision_start|>",
        "end_image_token": "<|vision_end|>",
        "context_image_token": "<|image_pad|>",
        "video_token": "<|video_pad|>",
    }

    @override
    def tiny_config(self, architecture: TinyArchitecture, model_type: str, token_id: Any) -> Any:
        from transformers import InternVLConfig

        sides = {"image_size": [TINY_SIDE] * 2, "patch_size": [TINY_PATCH] * 2}
        return InternVLConfig(
            text_config=TextOnly().tiny_config(architecture, "qwen2", token_id),
            vision_config=tiny_tower(architecture) | sides,
            image_token_id=token_id("<|image_pad|>"),
            image_seq_length=(TINY_SIDE // TINY_PATCH // 2) ** 2,
            tie_word_embeddings=architecture.tied,
        )

    @override
    def tiny_processor_options(self) -> dict[str, Any]:
        return {"image_seq_length": (TINY_SIDE // TINY_PATCH // 2) ** 2}
