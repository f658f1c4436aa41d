"""LLaVA-OneVision."""

from collections.abc import Mapping
from typing import Any, ClassVar

from typing_extensions import override

from revisual.models.architecture import TinyArchitecture
from revisual.models.families.processor_family import TINY_PATCH, TINY_SIDE, ProcessorFamily, tiny_tower
from revisual.models.families.text_only import TextOnly

GRIDS = [[TINY_SIDE * height, TINY_SIDE * width] for height in (1, 2) for width in (1, 2)]


class LlavaOnevision(ProcessorFamily):
    """A single picture in tiles without their margins; of several pictures, each is one tile."""

    model_types = ("llava_onevision",)
    projector = r"(^|\.)(multi_modal_projector\.|image_newline)"
    engine_names: ClassVar[Mapping[str, str]] = {"model.vision_tower.": "model.vision_tower.vision_model."}
    processor, image_processor = "LlavaOnevisionProcessor", "LlavaOnevisionImageProcessorPil"
    video_processor = "LlavaOnevisionVideoProcessor"
    tiny_tokens: ClassVar[Mapping[str, str]] = {"image_token": "<|image_pad|>", "video_token": "<|video_pad|>"}

    @override
    def is_never_used(self, parameter: str) -> bool:
        """Name what is behind the layer whose features are taken."""
        return "vision_tower" in parameter and (".head." in parameter or "post_layernorm" in parameter)

    @override
    def tiny_config(self, architecture: TinyArchitecture, model_type: str, token_id: Any) -> Any:
        from transformers import LlavaOnevisionConfig

        return LlavaOnevisionConfig(
            text_config=TextOnly().tiny_config(architecture, "qwen2", token_id),
            vision_config=tiny_tower(architecture) | {"model_type": "siglip_vision_model"},
            image_token_index=token_id("<|image_pad|>"),
            video_token_index=token_id("<|video_pad|>"),
            image_grid_pinpoints=GRIDS,
            tie_word_embeddings=architecture.tied,
        )

    @override
    def tiny_picture_options(self, architecture: TinyArchitecture) -> dict[str, Any]:
        return super().tiny_picture_options(architecture) | {"image_grid_pinpoints": GRIDS}

    @override
    def tiny_processor_options(self) -> dict[str, Any]:
        return {"num_image_tokens": (TINY_SIDE // TINY_PATCH) ** 2, "vision_feature_select_strategy": "full"}
