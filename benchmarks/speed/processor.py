"""Qwen2.5-VL's processor without its video half, which needs torchvision: for the environment without revisual."""

from pathlib import Path

from transformers import AutoImageProcessor, AutoTokenizer, Qwen2_5_VLProcessor
from transformers.processing_utils import ProcessorMixin


class Qwen2_5_VLImageProcessor(Qwen2_5_VLProcessor):
    @classmethod
    def get_attributes(cls) -> list[str]:
        return ["image_processor", "tokenizer"]

    def __init__(self, image_processor=None, tokenizer=None, chat_template=None, **_) -> None:
        self.image_token, self.video_token = "<|image_pad|>", "<|video_pad|>"
        self.image_token_id, self.video_token_id = map(
            tokenizer.convert_tokens_to_ids, (self.image_token, self.video_token)
        )
        ProcessorMixin.__init__(self, image_processor, tokenizer, chat_template=chat_template)


def load(folder: Path) -> Qwen2_5_VLImageProcessor:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return Qwen2_5_VLImageProcessor(AutoImageProcessor.from_pretrained(folder), tokenizer, tokenizer.chat_template)
