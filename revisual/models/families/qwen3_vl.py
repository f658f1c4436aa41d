"""Qwen3-VL, dense and with experts."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor
from transformers import Qwen3VLProcessor
from typing_extensions import override

from revisual.models.architecture import TinyArchitecture
from revisual.models.families.qwen import (
    INTERLEAVED,
    TINY_EXPERTS,
    QwenFamily,
    qwen_text_config,
    qwen_token_ids,
    qwen_tower,
)


class Qwen3VL(QwenFamily):
    """Qwen3-VL: its tower's layers also feed the language model's first layers, each by a merger (deepstack)."""

    model_types = ("qwen3_vl", "qwen3_vl_moe")
    video_processor = "Qwen3VLVideoProcessor"
    projector = r"(^|\.)visual\.(merger|deepstack_merger_list)\."

    @override
    def processor_class(self, model_type: str) -> Any:
        return Qwen3VLProcessor

    @override
    def published(self, name: str, weight: Tensor) -> Mapping[str, Tensor]:
        return {name: weight.mT.contiguous() if ".experts." in name else weight}

    @override
    def unused_features(self, policy: Any, picture: Mapping[str, Tensor]) -> Sequence[Tensor]:
        """Return what goes into the embeddings, and what goes into each of the first layers."""
        features = policy.base_model.get_image_features(**picture)
        deep = [picture for layer in features.deepstack_features for picture in layer]
        return [*features.pooler_output, *deep]

    @override
    def tiny_config(self, architecture: TinyArchitecture, model_type: str, token_id: Any) -> Any:
        from transformers import Qwen3VLConfig, Qwen3VLMoeConfig

        text = qwen_text_config(architecture, token_id, **INTERLEAVED)
        text["head_dim"] = architecture.hidden // architecture.heads
        make: Any = Qwen3VLConfig
        if model_type == "qwen3_vl_moe":
            # As published configs say, and vLLM asks for; transformers always computes it so.
            make, text = Qwen3VLMoeConfig, text | TINY_EXPERTS | {"norm_topk_prob": True}
        # Behind the language model's last layer a picture's features would reach no other token.
        deep = list(range(min(architecture.vision_depth, max(1, architecture.layers - 1))))
        return make(
            text_config=text,
            vision_config=qwen_tower(architecture) | {"num_position_embeddings": 64, "deepstack_visual_indexes": deep},
            **qwen_token_ids(token_id),
            tie_word_embeddings=architecture.tied,
        )

    @override
    def tiny_picture_options(self) -> dict[str, Any]:
        return {"patch_size": 16, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
