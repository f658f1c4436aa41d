"""GLM-4.1V and GLM-4.6V, dense."""

from collections.abc import Mapping
from typing import Any, ClassVar

import transformers
from typing_extensions import override

from revisual.models.architecture import TinyArchitecture
from revisual.models.families.processor_family import ProcessorFamily
from revisual.models.families.qwen import qwen_text_config, qwen_tower


class Glm4v(ProcessorFamily):
    """Pictures in patches of any number, and positions in time, height and width."""

    model_types = ("glm4v",)
    processor, image_processor = "Glm4vProcessor", "Glm4vImageProcessorPil"
    make_config = "Glm4vConfig"
    packed_texts = ("glm4v_text",)
    video_processor = "Glm4vVideoProcessor"
    tiny_tokens: ClassVar[Mapping[str, str]] = {"image_token": "<|image_pad|>", "video_token": "<|video_pad|>"}
    tiny_place = "<|vision_start|><|image_pad|><|vision_end|>"

    @override
    def tiny_config(self, architecture: TinyArchitecture, model_type: str, token_id: Any) -> Any:
        a = architecture
        text = qwen_text_config(a, token_id)
        return getattr(transformers, self.make_config)(
            text_config=text,
            vision_config=qwen_tower(a) | {"image_size": 112},
            image_token_id=token_id("<|image_pad|>"),
            video_token_id=token_id("<|video_pad|>"),
            image_start_token_id=token_id("<|vision_start|>"),
            image_end_token_id=token_id("<|vision_end|>"),
            video_start_token_id=token_id("<|box_start|>"),
            video_end_token_id=token_id("<|box_end|>"),
            tie_word_embeddings=a.tied,
        )

    @override
    def tiny_picture_options(self, architecture: TinyArchitecture) -> dict[str, Any]:
        return {"size": {"shortest_edge": 2 * architecture.min_pixels, "longest_edge": 2 * architecture.max_pixels}}


class Glm46v(Glm4v):
    """GLM-4.6V, with another processor."""

    model_types = ("glm46v",)
    processor, image_processor = "Glm46VProcessor", "Glm46VImageProcessorPil"
    video_processor = "Glm46VVideoProcessor"
    make_config = "Glm46VConfig"
