"""Processors for pictures and text whose stock class needs torchvision for its video half."""

from functools import cache
from typing import Any

from transformers import AutoTokenizer
from transformers.processing_utils import ProcessorMixin


def load_image_processor(path: str, stock: Any, video_processor: str | None, images: Any) -> ProcessorMixin:
    """Return the processor in a model folder, its image half by PIL and without its video half.

    Args:
        path: the model's folder.
        stock: the processor's class of transformers.
        video_processor: see `image_text_class`.
        images: the class of its image half. By its own name: transformers 5.16's AutoImageProcessor needs torchvision.
    """
    make, tokenizer = image_text_class(stock, video_processor), AutoTokenizer.from_pretrained(path)
    options, _ = make.get_processor_dict(path)
    options["chat_template"] = tokenizer.chat_template or options.get("chat_template")
    return make.from_args_and_dict([images.from_pretrained(path), tokenizer], options)


@cache
def image_text_class(stock: Any, video_processor: str | None) -> Any:
    """Return a class of the stock one's name, for pictures and text alone.

    Args:
        stock: the class of transformers.
        video_processor: the name of its video half's class, for `save_processor`; None: it has none.
    """

    def get_attributes(cls: type) -> list[str]:
        return ["image_processor", "tokenizer"]

    # save_pretrained records the class's name: the stock one, which loads wherever torchvision is installed.
    return type(
        stock.__name__,
        (stock,),
        {"get_attributes": classmethod(get_attributes), "video_processor_type": video_processor},
    )
