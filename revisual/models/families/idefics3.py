"""Idefics3, SmolVLM and SmolVLM2."""

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar

import transformers
from transformers.processing_utils import ProcessorMixin
from typing_extensions import override

from revisual.models.architecture import TinyArchitecture
from revisual.models.families.processor_family import TINY_PATCH, TINY_SIDE, ProcessorFamily, tiny_tower
from revisual.models.families.text_only import TextOnly


class Idefics3(ProcessorFamily):
    """Pictures in tiles, each behind a token that says its row and column, and a whole small one."""

    model_types = ("idefics3",)
    make_config = "Idefics3Config"
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
        return getattr(transformers, self.make_config)(
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


class SmolVLM(Idefics3):
    """SmolVLM2, of another processor."""

    model_types = ("smolvlm",)
    make_config = "SmolVLMConfig"
    processor, image_processor = "SmolVLMProcessor", "SmolVLMImageProcessorPil"
    video_processor = "SmolVLMVideoProcessor"

    @override
    def processor_class(self) -> Any:
        return smolvlm_processor()


@cache
def smolvlm_processor() -> Any:
    """Return SmolVLM's class without what it asks for even where there are no videos: num2words, numbers of frames."""
    from transformers.models.smolvlm import processing_smolvlm

    stock: Any = processing_smolvlm
    stock.num2words = stock.num2words or _no_videos
    plain = {"apply_chat_template": ProcessorMixin.apply_chat_template}
    return type("SmolVLMProcessor", (stock.SmolVLMProcessor,), plain)


def _no_videos(number: int) -> str:
    raise NotImplementedError("pictures and text alone: videos need num2words")
