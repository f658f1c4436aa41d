"""What families have in common whose processor alone says how many tiles and tokens a picture becomes."""

from collections.abc import Sequence
from typing import Any, ClassVar

import transformers
from transformers.processing_utils import ProcessorMixin
from transformers.utils.import_utils import is_torchvision_available
from typing_extensions import override

from revisual.models.architecture import TinyArchitecture
from revisual.models.families.base import attends_to_all
from revisual.models.families.generic import Generic
from revisual.models.families.text_only import PACKED
from revisual.models.families.tiny_sizes import tower_sizes
from revisual.models.families.without_video import load_image_processor, make_image_processor

PLACE = "<|vision_start|><|image_pad|><|vision_end|>"
"""Where the chat template of tiny policies puts a picture."""


class ProcessorFamily(Generic):
    """Models that take pictures as their processor makes them; rows are packed where the language model allows it."""

    processor: ClassVar[str]
    """Name of the processor's class in transformers."""

    image_processor: ClassVar[str]
    """Name of its image half's class, by PIL."""

    video_processor: ClassVar[str | None] = None
    """Name of its video half's class."""

    packed_texts: ClassVar[Sequence[str]] = PACKED
    """Language models within that take a layout, as tests show; the choice of one is the folder's."""

    tiny_place: ClassVar[str] = "<|image_pad|>"
    """What the chat template of a tiny policy has in a picture's place."""

    @override
    def load_processor(self, path: str, trust_remote_code: bool) -> ProcessorMixin:
        if is_torchvision_available():
            return super().load_processor(path, trust_remote_code)
        images, stock = getattr(transformers, self.image_processor), self.processor_class()
        return load_image_processor(path, stock, self.video_processor, images, self.audio_processor())

    def processor_class(self) -> Any:
        """Return the processor's class of transformers, where torchvision is missing."""
        return getattr(transformers, self.processor)

    def audio_processor(self) -> Any:
        """Return the class of the processor's audio half; None: it has none."""
        return None

    @override
    def refuses(self, model: Any) -> str | None:
        return None

    @override
    def packs(self, config: Any) -> bool:
        text = config.get_text_config()
        return (
            text.model_type in self.packed_texts and attends_to_all(config) and not getattr(text, "sliding_window", 0)
        )

    @override
    def tiny_processor(
        self, architecture: TinyArchitecture, model_type: str, tokenizer: Any, chat_template: str
    ) -> ProcessorMixin:
        images = getattr(transformers, self.image_processor)(**self.tiny_picture_options(architecture))
        halves = {"image_processor": images, "tokenizer": tokenizer}
        if (audio := self.audio_processor()) is not None:
            halves["feature_extractor"] = audio()
        return make_image_processor(
            self.processor_class(),
            self.video_processor,
            halves,
            chat_template=chat_template.replace(PLACE, self.tiny_place),
            **self.tiny_processor_options(),
        )

    def tiny_picture_options(self, architecture: TinyArchitecture) -> dict[str, Any]:
        """Return sizes of a tiny policy's image processor."""
        return {"size": {"height": TINY_SIDE, "width": TINY_SIDE}}

    def tiny_processor_options(self) -> dict[str, Any]:
        """Return what a tiny policy's processor must know of its pictures."""
        return {}


TINY_SIDE, TINY_PATCH = 56, 14
"""Of a tile and of a patch of a tiny policy's pictures, in pixels."""


def tiny_tower(architecture: TinyArchitecture) -> dict[str, Any]:
    """Return the sizes of a tiny vision tower, and of its pictures."""
    return tower_sizes(architecture) | {"image_size": TINY_SIDE, "patch_size": TINY_PATCH}
