"""Processors for pictures and text whose stock class needs torchvision for its video half."""

import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any

from transformers import AutoTokenizer
from transformers.processing_utils import ProcessorMixin

HALVES = ("feature_extractor", "image_processor", "tokenizer", "video_processor")
"""What processors are put together from, by the names of their arguments."""


def load_image_processor(
    path: str, stock: Any, video_processor: str | None, images: Any, audio: Any = None
) -> ProcessorMixin:
    """Return the processor in a model folder, its image half by PIL and without its video half.

    Args:
        path: the model's folder.
        stock: the processor's class of transformers.
        video_processor: see `image_text_class`.
        images: the class of its image half. By its own name: transformers 5.16's AutoImageProcessor needs torchvision.
        audio: the class of its audio half; None: it has none.
    """
    tokenizer = AutoTokenizer.from_pretrained(path)
    halves = {"image_processor": images.from_pretrained(path), "tokenizer": tokenizer}
    if audio is not None:
        halves["feature_extractor"] = audio.from_pretrained(path)
    make = image_text_class(stock, video_processor, tuple(sorted(halves)))
    read, _ = make.get_processor_dict(path)
    options = {name: value for name, value in read.items() if name not in HALVES}
    options["chat_template"] = tokenizer.chat_template or options.get("chat_template")
    return make.from_args_and_dict(_in_order(make, halves), options)


def make_image_processor(
    stock: Any, video_processor: str | None, halves: Mapping[str, Any], **options: Any
) -> ProcessorMixin:
    """Return a processor of the given halves, by their names, without a video half.

    Args:
        stock: the processor's class of transformers.
        video_processor: see `image_text_class`.
        halves: of the processor.
        options: more arguments of the class.
    """
    make = image_text_class(stock, video_processor, tuple(sorted(halves)))
    return make(*_in_order(make, halves), **options)


def _in_order(make: Any, halves: Mapping[str, Any]) -> list[Any]:
    return [halves.get(name) for name in inspect.signature(make.__init__).parameters if name in HALVES]


class _TakesNone(ProcessorMixin):
    """Stands behind a stock class, which may hand it halves that are not there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{name: value for name, value in kwargs.items() if value is not None})


@cache
def image_text_class(stock: Any, video_processor: str | None, halves: tuple[str, ...]) -> Any:
    """Return a class of the stock one's name, without its video half.

    Args:
        stock: the class of transformers.
        video_processor: the name of its video half's class, for `save_processor`; None: it has none.
        halves: that it has.
    """

    def get_attributes(cls: type) -> list[str]:
        return list(halves)

    # save_pretrained records the class's name: the stock one, which loads wherever torchvision is installed.
    return type(
        stock.__name__,
        (stock, _TakesNone),
        {"get_attributes": classmethod(get_attributes), "video_processor_type": video_processor},
    )
