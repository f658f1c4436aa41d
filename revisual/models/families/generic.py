"""Models of pictures and text that no file of this folder knows."""

import inspect
from typing import Any

from typing_extensions import override

from revisual.data.picture_coding import PictureCoding, ProcessorCoding
from revisual.models.families.image_text import ImageTextFamily
from revisual.models.families.text_only import keeps_state

UNKNOWN_ARGUMENTS = ("token_type_ids", "image_position_ids")
"""Of forwards that are wrong, and say nothing, where they are not given: they say which tokens see each other."""


class Generic(ImageTextFamily):
    """Any other model of pictures and text: padded rows, and what its own processor makes of pictures."""

    @override
    def pictures(self) -> PictureCoding:
        return ProcessorCoding()

    @override
    def refuses(self, model: Any) -> str | None:
        if reason := keeps_state(model):
            return reason
        taken = inspect.signature(type(model.base_model).forward).parameters
        unknown = [name for name in UNKNOWN_ARGUMENTS if name in taken]
        if not unknown:
            return None
        return f"its forward takes {', '.join(unknown)}, without which it is silently wrong, and no family gives them"
