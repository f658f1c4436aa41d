"""GLM-4.1V and GLM-4.6V, and GLM-4.5V with experts."""

from collections.abc import Mapping
from typing import Any, ClassVar

import transformers
from torch import Tensor
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
    tiny_tokens: ClassVar[Mapping[str, str]] = {
        "image_token": "<|image|>",
        "image_start_token": "<|begin_of_image|>",
        "image_end_token": "<|end_of_image|>",
        "video_token": "<|video|>",
        "video_start_token": "<|begin_of_video|>",
        "video_end_token": "<|end_of_video|>",
    }
    tiny_place = "<|begin_of_image|><|image|><|end_of_image|>"

    @override
    def tiny_config(self, architecture: TinyArchitecture, model_type: str, token_id: Any) -> Any:
        a = architecture
        return getattr(transformers, self.make_config)(
            text_config=self.tiny_text(a, token_id),
            vision_config=qwen_tower(a) | {"image_size": 112},
            **{f"{name}_id": token_id(token) for name, token in self.tiny_tokens.items()},
            tie_word_embeddings=a.tied,
        )

    def tiny_text(self, architecture: TinyArchitecture, token_id: Any) -> dict[str, Any]:
        """Return the config of a tiny policy's language model: half of each head's channels are turned by positions."""
        text = qwen_text_config(architecture, token_id)
        sections = [part // 2 for part in text["rope_parameters"]["mrope_section"]]
        turned = {"mrope_section": sections, "partial_rotary_factor": 0.5}
        return text | {"rope_parameters": text["rope_parameters"] | turned}

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
    """GLM-4.5V: experts behind the first layer."""

    model_types = ("glm4v_moe",)
    make_config = "Glm4vMoeConfig"
    packed_texts = ("glm4v_moe_text",)

    @override
    def published(self, name: str, weight: Tensor) -> Mapping[str, Tensor]:
        before, experts, kind = name.partition(".experts.")
        if not experts:
            return {name: weight}
        kinds = ("gate_proj", "up_proj") if kind == "gate_up_proj" else (kind,)
        parts = zip(kinds, weight.chunk(len(kinds), dim=1), strict=True)
        return {f"{before}.experts.{i}.{kind}.weight": one for kind, part in parts for i, one in enumerate(part)}

    @override
    def tiny_text(self, architecture: TinyArchitecture, token_id: Any) -> dict[str, Any]:
        sizes = {"moe_intermediate_size": 32, "n_routed_experts": 4, "num_experts_per_tok": 2}
        said = {"head_dim": architecture.hidden // architecture.heads, "use_qk_norm": False}  # by published configs
        return super().tiny_text(architecture, token_id) | sizes | said
