"""GLM-4.1V and GLM-4.6V, and GLM-4.5V with experts."""

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
        return getattr(transformers, self.make_config)(
            text_config=self.tiny_text(a, token_id),
            vision_config=qwen_tower(a) | {"image_size": 112},
            image_token_id=token_id("<|image_pad|>"),
            video_token_id=token_id("<|video_pad|>"),
            image_start_token_id=token_id("<|vision_start|>"),
            image_end_token_id=token_id("<|vision_end|>"),
            video_start_token_id=token_id("<|box_start|>"),
            video_end_token_id=token_id("<|box_end|>"),
            tie_word_embeddings=a.tied,
        )

    def tiny_text(self, architecture: TinyArchitecture, token_id: Any) -> dict[str, Any]:
        """Return the config of a tiny policy's language model."""
        return qwen_text_config(architecture, token_id)

    @override
    def tiny_picture_options(self, architecture: TinyArchitecture) -> dict[str, Any]:
        return {"size": {"shortest_edge": 2 * architecture.min_pixels, "longest_edge": 2 * architecture.max_pixels}}


class Glm46v(Glm4v):
    """GLM-4.6V, with another processor."""

    model_types = ("glm46v",)
    processor, image_processor = "Glm46VProcessor", "Glm46VImageProcessorPil"
    video_processor = "Glm46VVideoProcessor"
    make_config = "Glm46VConfig"


class Glm4vMoe(Glm4v):
    """GLM-4.5V: experts behind the first layer, and half of each head's channels are turned by positions."""

    model_types = ("glm4v_moe",)
    make_config = "Glm4vMoeConfig"
    packed_texts = ("glm4v_moe_text",)

    @override
    def tiny_text(self, architecture: TinyArchitecture, token_id: Any) -> dict[str, Any]:
        text = super().tiny_text(architecture, token_id)
        sections = [part // 2 for part in text["rope_parameters"]["mrope_section"]]
        turned = {"mrope_section": sections, "partial_rotary_factor": 0.5}
        experts = {"moe_intermediate_size": 32, "n_routed_experts": 4, "num_experts_per_tok": 2}
        return text | experts | {"rope_parameters": text["rope_parameters"] | turned}
