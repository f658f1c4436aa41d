"""What most models of pictures and text have in common."""

from collections.abc import Mapping, Sequence
from typing import Any

from jaxtyping import Int
from torch import Tensor
from transformers import AutoModelForImageTextToText, AutoProcessor
from transformers.processing_utils import ProcessorMixin
from typing_extensions import override

from revisual.data.picture_coding import PatchCoding, PictureCoding
from revisual.models.families.base import ModelFamily


class ImageTextFamily(ModelFamily):
    """Models of pictures and text: positions by `get_rope_index` where the model has it, else plain numbers."""

    @override
    def auto_class(self) -> Any:
        return AutoModelForImageTextToText

    @override
    def load_processor(self, path: str, trust_remote_code: bool) -> ProcessorMixin:
        return AutoProcessor.from_pretrained(path, trust_remote_code=trust_remote_code)

    @override
    def pictures(self) -> PictureCoding:
        return PatchCoding()

    @override
    def axes(self, policy: Any) -> int:
        """Return 3 where tokens are numbered in time, height and width (Qwen2-VL, arXiv 2409.12191, section 2.1)."""
        return 3 if hasattr(policy.base_model, "get_rope_index") else 0

    @override
    def number_tokens(self, policy: Any, prompts: Mapping[str, Tensor]) -> Int[Tensor, "*axes N S"]:
        if not self.axes(policy):
            return (prompts["attention_mask"].cumsum(1) - 1).clamp(min=0)
        positions, _ = policy.base_model.get_rope_index(
            prompts["input_ids"],
            mm_token_type_ids=prompts["mm_token_type_ids"],
            image_grid_thw=prompts.get("image_grid_thw"),
            attention_mask=prompts["attention_mask"],
        )
        return positions

    @override
    def unused_features(self, policy: Any, picture: Mapping[str, Tensor]) -> Sequence[Tensor]:
        features = policy.base_model.get_image_features(**picture)
        features = getattr(features, "pooler_output", features)
        return [features] if isinstance(features, Tensor) else list(features)
