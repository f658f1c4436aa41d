"""Idefics3, and the first SmolVLM."""

from collections.abc import Mapping
from typing import Any, ClassVar

from typing_extensions import override

from revisual.models.architecture import TinyArchitecture
from revisual.models.families.processor_family import TINY_PATCH, TINY_SIDE, ProcessorFamily, tiny_tower
from revisual.models.families.text_only import TextOnly


class Idefics3(ProcessorFamily):
    """Pictures in tiles, each behind a token that says its row and column, and a whole small one."""

    model_types = ("idefics3",)
    processor, image_processor = "Idefics3Processor", "Idefics3ImageProcessorPil"
    tiny_tokens: ClassVar[Mapping[str, str]] = {
        "image_token": "<image>",
        "fake_image_token": "<fake_token_around_image>",
        "global_image_token": "<global-img>",
        "end_of_utterance_token": "<end_of_utterance>",
        **{f"row_{row}_col_{col}_token": f"<row_{row}_col_{col}>" for row in range(1, 5) for col in range(1, 5)},
    }
    tiny_place = "<image>"

    @override
    def tiny_config(self, architecture: TinyArchitecture, model_type: str, token_id: Any) -> Any:
        from transformers import Idefics3Config

        return Idefics3Config(
            text_config=TextOnly().tiny_config(architecture, "llama", token_id),
            vision_config=tiny_tower(architecture),
            image_token_id=token_id("<image>"),
            pad_token_id=token_id("<|endoftext|>"),
            tie_word_embeddings=architecture.tied,
        )

    @override
    def tiny_picture_options(self, architecture: TinyArchitecture) -> dict[str, Any]:
        return {"size": {"longest_edge": 2 * TINY_SIDE}, "max_image_size": {"longest_edge": TINY_SIDE}}

    @override
    def tiny_processor_options(self) -> dict[str, Any]:
        return {"image_seq_len": (TINY_SIDE // TINY_PATCH // 2) ** 2}
