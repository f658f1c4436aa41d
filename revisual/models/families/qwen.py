"""What Qwen's models of pictures and text have in common."""

from abc import abstractmethod
from typing import Any, ClassVar

from transformers import AutoConfig
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.processing_utils import ProcessorMixin
from transformers.utils.import_utils import is_torchvision_available
from typing_extensions import override

from revisual.models.architecture import TinyArchitecture
from revisual.models.families.base import attends_to_all
from revisual.models.families.image_text import ImageTextFamily
from revisual.models.families.tiny_sizes import text_sizes
from revisual.models.families.without_video import load_image_processor, make_image_processor


class QwenFamily(ImageTextFamily):
    """Pictures in patches of any number, a tower of windows, and a processor whose video half needs torchvision."""

    video_processor: ClassVar[str]
    """Name of the class of the processor's video half."""

    @abstractmethod
    def processor_class(self, model_type: str) -> Any:
        """Return transformers' class of the processor."""

    @override
    def load_processor(self, path: str, trust_remote_code: bool) -> ProcessorMixin:
        if is_torchvision_available():
            return super().load_processor(path, trust_remote_code)
        stock = self.processor_class(AutoConfig.from_pretrained(path).model_type)
        return load_image_processor(path, stock, self.video_processor, Qwen2VLImageProcessorPil)

    @override
    def packs(self, config: Any) -> bool:
        return attends_to_all(config)

    @override
    def windowed_tower(self, policy: Any) -> Any:
        return policy.base_model.visual

    @override
    def tiny_processor(
        self, architecture: TinyArchitecture, model_type: str, tokenizer: Any, chat_template: str
    ) -> ProcessorMixin:
        bounds = {"min_pixels": architecture.min_pixels, "max_pixels": architecture.max_pixels}
        images = Qwen2VLImageProcessorPil(**bounds, **self.tiny_picture_options())
        halves = {"image_processor": images, "tokenizer": tokenizer}
        stock = self.processor_class(model_type)
        return make_image_processor(stock, self.video_processor, halves, chat_template=chat_template)

    def tiny_picture_options(self) -> dict[str, Any]:
        """Return what a tiny policy's image processor has otherwise than Qwen2-VL's."""
        return {}


INTERLEAVED = {"mrope_interleaved": True}
"""What transformers' Qwen3-VL and Qwen3.5 always compute; published configs say so, and vLLM does as they say."""

TINY_EXPERTS = {"moe_intermediate_size": 32, "num_experts": 4, "num_experts_per_tok": 2}
"""Of the language model of a tiny policy with experts."""


def qwen_text_config(architecture: TinyArchitecture, token_id: Any, **rope: Any) -> dict[str, Any]:
    """Return the config of the language model of a tiny Qwen with pictures; `rope` is what else its positions are."""
    channels = architecture.hidden // architecture.heads
    sections = [channels // 8, 3 * channels // 16, 3 * channels // 16]
    return text_sizes(architecture, token_id) | {
        "rms_norm_eps": 1e-6,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": sections, **rope},
    }


def qwen_tower(architecture: TinyArchitecture) -> dict[str, Any]:
    """Return the config of the vision tower of a tiny Qwen with pictures."""
    return {
        "intermediate_size": architecture.intermediate,
        "initializer_range": architecture.initializer_range,
        "depth": architecture.vision_depth,
        "hidden_size": architecture.vision_hidden,
        "num_heads": architecture.vision_heads,
        "out_hidden_size": architecture.hidden,
    }


def qwen_token_ids(token_id: Any) -> dict[str, Any]:
    """Return the ids of the tokens that stand for pictures."""
    return {
        "image_token_id": token_id("<|image_pad|>"),
        "video_token_id": token_id("<|video_pad|>"),
        "vision_start_token_id": token_id("<|vision_start|>"),
        "vision_end_token_id": token_id("<|vision_end|>"),
    }
