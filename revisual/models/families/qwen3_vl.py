"""Qwen3-VL, dense and with experts."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor
from transformers import Qwen3VLProcessor
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.processing_utils import ProcessorMixin
from transformers.utils.import_utils import is_torchvision_available
from typing_extensions import override

from revisual.models.architecture import TinyArchitecture
from revisual.models.families.base import attends_to_all
from revisual.models.families.image_text import ImageTextFamily
from revisual.models.families.qwen2_vl import qwen_text_config, qwen_token_ids
from revisual.models.families.without_video import image_text_class, load_image_processor

VIDEO_PROCESSOR = "Qwen3VLVideoProcessor"


class Qwen3VL(ImageTextFamily):
    """Qwen3-VL: its tower's layers also feed the language model's first layers, each by a merger (deepstack)."""

    model_types = ("qwen3_vl", "qwen3_vl_moe")
    projector = r"(^|\.)visual\.(merger|deepstack_merger_list)\."

    @override
    def load_processor(self, path: str, trust_remote_code: bool) -> ProcessorMixin:
        if is_torchvision_available():
            return super().load_processor(path, trust_remote_code)
        return load_image_processor(path, Qwen3VLProcessor, VIDEO_PROCESSOR, Qwen2VLImageProcessorPil)

    @override
    def packs(self, config: Any) -> bool:
        return attends_to_all(config)

    @override
    def windowed_tower(self, policy: Any) -> Any:
        return policy.base_model.visual

    @override
    def unused_features(self, policy: Any, picture: Mapping[str, Tensor]) -> Sequence[Tensor]:
        """Return what goes into the embeddings, and what goes into each of the first layers."""
        features = policy.base_model.get_image_features(**picture)
        deep = [picture for layer in features.deepstack_features for picture in layer]
        return [*features.pooler_output, *deep]

    @override
    def tiny_config(self, architecture: TinyArchitecture, model_type: str, token_id: Any) -> Any:
        from transformers import Qwen3VLConfig, Qwen3VLMoeConfig

        text = qwen_text_config(architecture, token_id) | {"head_dim": architecture.hidden // architecture.heads}
        make: Any = Qwen3VLConfig
        if model_type == "qwen3_vl_moe":
            make = Qwen3VLMoeConfig
            text |= {"moe_intermediate_size": 32, "num_experts": 4, "num_experts_per_tok": 2}
        # Behind the language model's last layer a picture's features would reach no other token.
        deep = list(range(min(architecture.vision_depth, max(1, architecture.layers - 1))))
        return make(
            text_config=text,
            vision_config={
                "intermediate_size": architecture.intermediate,
                "initializer_range": architecture.initializer_range,
                "depth": architecture.vision_depth,
                "hidden_size": architecture.vision_hidden,
                "num_heads": architecture.vision_heads,
                "out_hidden_size": architecture.hidden,
                "num_position_embeddings": 64,
                "deepstack_visual_indexes": deep,
            },
            **qwen_token_ids(token_id),
            tie_word_embeddings=architecture.tied,
        )

    @override
    def tiny_processor(
        self, architecture: TinyArchitecture, model_type: str, tokenizer: Any, chat_template: str
    ) -> ProcessorMixin:
        images = Qwen2VLImageProcessorPil(
            min_pixels=architecture.min_pixels,
            max_pixels=architecture.max_pixels,
            patch_size=16,
            image_mean=[0.5] * 3,
            image_std=[0.5] * 3,
        )
        return image_text_class(Qwen3VLProcessor, VIDEO_PROCESSOR)(images, tokenizer, chat_template=chat_template)
