"""Processors for pictures and text whose stock class needs torchvision for its video half."""

from functools import cache
from typing import Any

from transformers import AutoTokenizer
from transformers.processing_utils import ProcessorMixin


def load_image_processor(path: str, stock: Any, video_processor: str) -> ProcessorMixin:
    """Return the processor in a model folder, its image half by PIL and without its video half."""
    # By its own name: transformers 5.16's AutoImageProcessor needs torchvision.
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    tokenizer = AutoTokenizer.from_pretrained(path)
    images = Qwen2VLImageProcessorPil.from_pretrained(path)
    return image_text_class(stock, video_processor)(images, tokenizer, chat_template=tokenizer.chat_template)


@cache
def image_text_class(stock: Any, video_processor: str) -> Any:
    """Return a class of the stock one's name, for pictures and text alone.

    Args:
        stock: the class of transformers.
        video_processor: the name of its video half's class, for `save_processor`.
    """

    def get_attributes(cls: type) -> list[str]:
        return ["image_processor", "tokenizer"]

    def init(self: Any, image_processor: Any = None, tokenizer: Any = None, chat_template: Any = None) -> None:
        self.image_token, self.video_token = "<|image_pad|>", "<|video_pad|>"
        self.image_token_id = tokenizer.convert_tokens_to_ids(self.image_token)
        self.video_token_id = tokenizer.convert_tokens_to_ids(self.video_token)
        ProcessorMixin.__init__(self, image_processor, tokenizer, chat_template=chat_template)

    # save_pretrained records the class's name: the stock one, which loads wherever torchvision is installed.
    return type(
        stock.__name__,
        (stock,),
        {
            "get_attributes": classmethod(get_attributes),
            "__init__": init,
            "video_processor_type": video_processor,
        },
    )
