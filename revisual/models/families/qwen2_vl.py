"""Qwen2-VL and Qwen2.5-VL."""

from typing import Any

from transformers import Qwen2_5_VLProcessor, Qwen2VLProcessor
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.processing_utils import ProcessorMixin
from transformers.utils.import_utils import is_torchvision_available
from typing_extensions import override

from revisual.models.architecture import TinyArchitecture
from revisual.models.families.base import attends_to_all
from revisual.models.families.image_text import ImageTextFamily
from revisual.models.families.without_video import image_text_class, load_image_processor

VIDEO_PROCESSOR = "Qwen2VLVideoProcessor"


class Qwen2VL(ImageTextFamily):
    """Qwen2-VL and Qwen2.5-VL: positions in time, height and width, and a tower of windows."""

    model_types = ("qwen2_5_vl", "qwen2_vl")

    @override
    def load_processor(self, path: str, trust_remote_code: bool) -> ProcessorMixin:
        if is_torchvision_available():
            return super().load_processor(path, trust_remote_code)
        from transformers import AutoConfig

        return load_image_processor(
            path, _stock(AutoConfig.from_pretrained(path).model_type), VIDEO_PROCESSOR, Qwen2VLImageProcessorPil
        )

    @override
    def packs(self, config: Any) -> bool:
        return attends_to_all(config)

    @override
    def windowed_tower(self, policy: Any) -> Any:
        return policy.base_model.visual

    @override
    def tiny_config(self, architecture: TinyArchitecture, model_type: str, token_id: Any) -> Any:
        from transformers import Qwen2_5_VLConfig, Qwen2VLConfig

        if model_type == "qwen2_vl":
            return Qwen2VLConfig(
                text_config=qwen_text_config(architecture, token_id),
                vision_config={
                    "depth": architecture.vision_depth,
                    "embed_dim": architecture.vision_hidden,
                    "hidden_size": architecture.hidden,
                    "num_heads": architecture.vision_heads,
                    "initializer_range": architecture.initializer_range,
                },
                **qwen_token_ids(token_id),
                tie_word_embeddings=architecture.tied,
            )
        return Qwen2_5_VLConfig(
            text_config=qwen_text_config(architecture, token_id),
            vision_config={
                "intermediate_size": architecture.intermediate,
                "initializer_range": architecture.initializer_range,
                "depth": architecture.vision_depth,
                "hidden_size": architecture.vision_hidden,
                "num_heads": architecture.vision_heads,
                "out_hidden_size": architecture.hidden,
                "patch_size": 14,
                "spatial_merge_size": 2,
                "temporal_patch_size": 2,
                "window_size": 112,
                "fullatt_block_indexes": [architecture.vision_depth - 1],
                "tokens_per_second": 2,
            },
            **qwen_token_ids(token_id),
            tie_word_embeddings=architecture.tied,
        )

    @override
    def tiny_processor(
        self, architecture: TinyArchitecture, model_type: str, tokenizer: Any, chat_template: str
    ) -> ProcessorMixin:
        images = Qwen2VLImageProcessorPil(min_pixels=architecture.min_pixels, max_pixels=architecture.max_pixels)
        make = image_text_class(_stock(model_type), VIDEO_PROCESSOR)
        return make(images, tokenizer, chat_template=chat_template)


def qwen_text_config(architecture: TinyArchitecture, token_id: Any) -> dict[str, Any]:
    """Return the config of the language model of a tiny Qwen with pictures."""
    a = architecture
    channels = a.hidden // a.heads
    return {
        "intermediate_size": a.intermediate,
        "initializer_range": a.initializer_range,
        "vocab_size": a.vocabulary,
        "hidden_size": a.hidden,
        "num_hidden_layers": a.layers,
        "num_attention_heads": a.heads,
        "num_key_value_heads": a.key_value_heads,
        "max_position_embeddings": 8192,
        "rms_norm_eps": 1e-6,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 1e6,
            "mrope_section": [channels // 8, 3 * channels // 16, 3 * channels // 16],
        },
        "bos_token_id": token_id("<|endoftext|>"),
        "eos_token_id": token_id("<|im_end|>"),
        "pad_token_id": token_id("<|endoftext|>"),
    }


def qwen_token_ids(token_id: Any) -> dict[str, Any]:
    """Return the ids of the tokens that stand for pictures."""
    return {
        "image_token_id": token_id("<|image_pad|>"),
        "video_token_id": token_id("<|video_pad|>"),
        "vision_start_token_id": token_id("<|vision_start|>"),
        "vision_end_token_id": token_id("<|vision_end|>"),
    }


def _stock(model_type: str) -> Any:
    return Qwen2_5_VLProcessor if model_type == "qwen2_5_vl" else Qwen2VLProcessor
