"""Gemma 4."""

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

from transformers.utils.import_utils import is_torchvision_available
from typing_extensions import override

from revisual.models.architecture import TinyArchitecture
from revisual.models.families.processor_family import ProcessorFamily
from revisual.models.families.tiny_sizes import gemma_text_sizes, tower_sizes

STOCK = "transformers.models.gemma4"


TINY_TOKENS = 70
"""Most of a picture of a tiny policy."""


class Gemma4(ProcessorFamily):
    """Pictures in patches with places of their own; in some configs a picture's tokens see each other.

    Forwards are told which tokens are a picture's, and rows padded. Nothing is heard: the audio tower is not trained.
    """

    model_types = ("gemma4",)
    projector = r"(^|\.)embed_vision\."
    processor, image_processor = "Gemma4Processor", "Gemma4ImageProcessorPil"
    video_processor = "Gemma4VideoProcessor"
    tiny_tokens: ClassVar[Mapping[str, str]] = {
        "boi_token": "<|vision_start|>",
        "eoi_token": "<|vision_end|>",
        "image_token": "<|image_pad|>",
        "boa_token": "<|box_start|>",
        "eoa_token": "<|box_end|>",
        "audio_token": "<|quad_start|>",
        "video_token": "<|video|>",
    }

    @override
    def packs(self, config: Any) -> bool:
        return False

    @override
    def is_never_used(self, parameter: str) -> bool:
        """Name what reads audio."""
        return "audio_tower." in parameter or "embed_audio." in parameter

    @override
    def processor_class(self) -> Any:
        """Return the stock class, which takes two names from the image processor that needs torchvision.

        The one by PIL has the same names, and stands in for it while the class is imported.
        """
        name, wanted = f"{STOCK}.processing_gemma4", f"{STOCK}.image_processing_gemma4"
        if name not in sys.modules and not is_torchvision_available():
            sys.modules[wanted] = import_module(f"{STOCK}.image_processing_pil_gemma4")
            try:
                import_module(name)
            finally:
                del sys.modules[wanted]
        return import_module(name).Gemma4Processor

    @override
    def audio_processor(self) -> Any:
        return import_module(f"{STOCK}.feature_extraction_gemma4").Gemma4AudioFeatureExtractor

    @override
    def tiny_config(self, architecture: TinyArchitecture, model_type: str, token_id: Any) -> Any:
        from transformers import Gemma4Config

        a = architecture
        return Gemma4Config(
            text_config=gemma_text_sizes(a, token_id)
            | {
                "vocab_size_per_layer_input": a.vocabulary,
                "hidden_size_per_layer_input": a.hidden // a.heads,
                "global_head_dim": 2 * (a.hidden // a.heads),
            },
            vision_config=tower_sizes(a)
            | {
                "num_key_value_heads": a.vision_heads,
                "head_dim": a.vision_hidden // a.vision_heads,
                "position_embedding_size": 1024,
                "default_output_length": TINY_TOKENS,  # as published configs say, and vLLM asks for
            },
            image_token_id=token_id("<|image_pad|>"),
            boi_token_id=token_id("<|vision_start|>"),
            eoi_token_id=token_id("<|vision_end|>"),
            video_token_id=token_id("<|video|>"),
            audio_token_id=token_id("<|quad_start|>"),
            boa_token_id=token_id("<|box_start|>"),
            eoa_token_index=token_id("<|box_end|>"),
            tie_word_embeddings=a.tied,
        )

    @override
    def tiny_picture_options(self, architecture: TinyArchitecture) -> dict[str, Any]:
        return {"max_soft_tokens": TINY_TOKENS}
