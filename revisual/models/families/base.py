"""What training must know of a family of models, said in one place for each."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import torch
from jaxtyping import Int
from torch import Tensor
from transformers.processing_utils import ProcessorMixin

from revisual.core.errors import UserError
from revisual.data.picture_coding import PictureCoding
from revisual.models.architecture import TinyArchitecture
from revisual.models.attention import Attention, packed_attention_names

Part = Literal["vision_tower", "projector", "language_model"]


class ModelFamily(ABC):
    """A family of models: how it is loaded, takes pictures, numbers tokens, and divides into parts.

    A family is one file of this folder, and found there: nothing outside it knows a model's name. What most models
    have in common is the default here, so that a family says only where it differs.
    """

    model_types: ClassVar[Sequence[str]] = ()
    """`model_type` of the configs of the family."""

    projector: ClassVar[str] = r"(^|\.)(visual\.merger|multi_modal_projector|mm_projector|connector|aligner)\."
    """Pattern of the names of the projector's parameters."""

    tower: ClassVar[str] = r"(^|\.)(visual|vision_tower|vision_model)\."
    """Pattern of the names of the vision tower's parameters, the projector's left out."""

    token_types: ClassVar[str | None] = "mm_token_type_ids"
    """The argument that tells a forward which tokens are a picture's; None: there is none."""

    keeps_state: ClassVar[bool] = False
    """Whether layers keep a state in place of keys and values; then answers to a prompt each copy it."""

    engine_names: ClassVar[Mapping[str, str]] = {}
    """Beginnings of weights' names, and what published files, and so vLLM, have in their place."""

    tiny_tokens: ClassVar[Mapping[str, str]] = {}
    """Tokens that the tokenizer of a tiny policy has by a name of its own, for the family's processor."""

    @classmethod
    def matches(cls, config: Any) -> bool:
        """Return whether a model of this config belongs to the family."""
        return config.model_type in cls.model_types

    # Loading

    @abstractmethod
    def auto_class(self) -> Any:
        """Return the class of transformers that loads the model."""

    @abstractmethod
    def load_processor(self, path: str, trust_remote_code: bool) -> ProcessorMixin:
        """Return the processor in a model folder, also where torchvision is missing, if that can be."""

    @abstractmethod
    def pictures(self) -> PictureCoding:
        """Return how the family takes pictures: sizes, tiles, numbers of tokens."""

    def refuses(self, model: Any) -> str | None:
        """Return why a model cannot be trained, as one whose forward needs what nothing here gives it; else None."""
        return None

    def published(self, name: str, weight: Tensor) -> Mapping[str, Tensor]:
        """Return a weight as published files, and so vLLM, have it: by another name, perhaps, or in several parts."""
        for ours, theirs in self.engine_names.items():
            if name.startswith(ours):
                return {theirs + name.removeprefix(ours): weight}
        return {name: weight}

    # Forwards

    @abstractmethod
    def axes(self, policy: Any) -> int:
        """Return along how many axes the position of a token is numbered; 0: by a plain number."""

    @abstractmethod
    def number_tokens(self, policy: Any, prompts: Mapping[str, Tensor]) -> Int[Tensor, "*axes N S"]:
        """Return the positions of the tokens of prompts, which may be padded."""

    def packs(self, config: Any) -> bool:
        """Return whether rows can be packed: whether the language model takes a `layout`, as tests show."""
        return False

    def attention_names(self, attention: Attention) -> Any:
        """Return what a model that takes layouts is built with (`attn_implementation`)."""
        return packed_attention_names(attention)

    def banned_token_ids(self, config: Any) -> Int[Tensor, " B"]:
        """Return tokens that no response may hold: a picture's token without a picture crashes a forward."""
        names = (
            "image_token_id",
            "video_token_id",
            "vision_start_token_id",
            "image_token_index",
            "video_token_index",
        )
        found = (getattr(config, name, None) for name in names)
        return torch.tensor(sorted({token for token in found if token is not None}), dtype=torch.long)

    def picture_token(self, config: Any) -> int | None:
        """Return the token that stands for a patch of a picture; None without pictures."""
        found = (getattr(config, name, None) for name in ("image_token_id", "image_token_index"))
        return next((int(token) for token in found if token is not None), None)

    # Parts

    def part_of(self, parameter: str) -> Part:
        """Return the part that a parameter belongs to, by its name."""
        if re.search(self.projector, parameter):
            return "projector"
        return "vision_tower" if re.search(self.tower, parameter) else "language_model"

    def is_never_used(self, parameter: str) -> bool:
        """Return whether a parameter never gets a gradient, by its name: it is taken out of training."""
        return False

    def windowed_tower(self, policy: Any) -> Any:
        """Return the vision tower whose attention is computed over all windows at once; None without one."""
        return None

    def unused_features(self, policy: Any, picture: Mapping[str, Tensor]) -> Sequence[Tensor]:
        """Return all that the language model would get of a picture, so that every part of the policy is used.

        Where pictures are on one process only, the others compute a blank one and add it times 0.
        """
        raise UserError(f"{type(policy).__name__}: takes no pictures")

    # Tiny policies

    def tiny_config(self, architecture: TinyArchitecture, model_type: str, token_id: Any) -> Any:
        """Return the config of a tiny model; `token_id` maps a special token's text to its id.

        Raises:
            UserError: there is no tiny policy of this family.
        """
        raise UserError(f"no tiny policy of the family of {model_type}")

    def tiny_processor(
        self, architecture: TinyArchitecture, model_type: str, tokenizer: Any, chat_template: str
    ) -> ProcessorMixin:
        """Return the processor of a tiny model.

        Raises:
            UserError: there is no tiny policy of this family.
        """
        raise UserError(f"no tiny policy of the family of {model_type}")


def attends_to_all(config: Any) -> bool:
    """Return whether every layer of the language model attends to all earlier tokens, with nothing else added."""
    text = config.get_text_config()
    kinds = set(getattr(text, "layer_types", None) or ["full_attention"])
    return kinds == {"full_attention"}
