"""Qwen3.5 and Qwen3.6, dense and with experts."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from typing_extensions import override

from revisual.models.architecture import TinyArchitecture
from revisual.models.families.qwen import INTERLEAVED, TINY_EXPERTS, qwen_text_config, qwen_token_ids, qwen_tower
from revisual.models.families.qwen3_vl import Qwen3VL


class Qwen35(Qwen3VL):
    """Most layers keep a state in place of keys and values: rows are padded, and answers copy their prompt's state."""

    model_types = ("qwen3_5", "qwen3_5_moe")
    keeps_state = True
    projector = r"(^|\.)visual\.merger\."

    @override
    def published(self, name: str, weight: Tensor) -> Mapping[str, Tensor]:
        return {name: weight}  # experts are published as they are computed with

    @override
    def packs(self, config: Any) -> bool:
        return False

    @override
    def unused_features(self, policy: Any, picture: Any) -> Any:
        return list(policy.base_model.get_image_features(**picture).pooler_output)

    @override
    def tiny_config(self, architecture: TinyArchitecture, model_type: str, token_id: Any) -> Any:
        from transformers import Qwen3_5Config, Qwen3_5MoeConfig

        a = architecture
        turned = a.hidden // a.heads // 8  # pairs of channels, a quarter of a head's
        sections = {"partial_rotary_factor": 0.25, "mrope_section": [turned - 2 * (turned // 3), *[turned // 3] * 2]}
        text = qwen_text_config(a, token_id, **INTERLEAVED, **sections) | {
            "head_dim": a.hidden // a.heads,
            "linear_key_head_dim": 16,
            "linear_value_head_dim": 16,
            "linear_num_key_heads": 2,
            "linear_num_value_heads": 4,
            "layer_types": ["linear_attention", "full_attention"] * (a.layers // 2)
            + ["full_attention"] * (a.layers % 2),
        }
        make: Any = Qwen3_5Config
        if model_type == "qwen3_5_moe":
            make, text = Qwen3_5MoeConfig, text | TINY_EXPERTS
        return make(
            text_config=text,
            vision_config=qwen_tower(a) | {"num_position_embeddings": 64},
            **qwen_token_ids(token_id),
            tie_word_embeddings=a.tied,
        )
