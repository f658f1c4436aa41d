"""Qwen2-VL and Qwen2.5-VL."""

from typing import Any

from transformers import Qwen2_5_VLProcessor, Qwen2VLProcessor
from typing_extensions import override

from revisual.models.architecture import TinyArchitecture
from revisual.models.families.qwen import QwenFamily, qwen_text_config, qwen_token_ids, qwen_tower


class Qwen2VL(QwenFamily):
    """Qwen2-VL and Qwen2.5-VL: positions in time, height and width, and a tower of windows."""

    model_types = ("qwen2_5_vl", "qwen2_vl")
    video_processor = "Qwen2VLVideoProcessor"

    @override
    def processor_class(self, model_type: str) -> Any:
        return Qwen2_5_VLProcessor if model_type == "qwen2_5_vl" else Qwen2VLProcessor

    @override
    def tiny_config(self, architecture: TinyArchitecture, model_type: str, token_id: Any) -> Any:
        from transformers import Qwen2_5_VLConfig, Qwen2VLConfig

        make: Any = Qwen2_5_VLConfig
        tower = qwen_tower(architecture) | {
            "patch_size": 14,
            "spatial_merge_size": 2,
            "temporal_patch_size": 2,
            "window_size": 112,
            "fullatt_block_indexes": [architecture.vision_depth - 1],
            "tokens_per_second": 2,
        }
        if model_type == "qwen2_vl":
            make = Qwen2VLConfig
            tower = {
                "depth": architecture.vision_depth,
                "embed_dim": architecture.vision_hidden,
                "hidden_size": architecture.hidden,
                "num_heads": architecture.vision_heads,
                "initializer_range": architecture.initializer_range,
            }
        return make(
            text_config=qwen_text_config(architecture, token_id),
            vision_config=tower,
            **qwen_token_ids(token_id),
            tie_word_embeddings=architecture.tied,
        )
