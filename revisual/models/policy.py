"""Loading a policy: a model of transformers, by what its family (`revisual.models.families`) says of it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from torch import nn
from transformers import AutoConfig, GenerationConfig
from transformers.processing_utils import ProcessorMixin
from typing_extensions import override

from revisual.core.errors import UserError
from revisual.core.ranges import FilledText, PositiveInt, Ranged, check_order
from revisual.core.text import shorten_names
from revisual.data.picture_coding import PATCHES, PictureCoding
from revisual.models.attention import Attention, candidates, use_window_attention
from revisual.models.embeddings import grow_embeddings
from revisual.models.families import ModelFamily, find_family
from revisual.models.loading_check import check_loaded
from revisual.models.lora import LoRA
from revisual.models.parts import Part, freeze
from revisual.models.precision import hold_float32, store_as_computed
from revisual.models.processor import THOUGHT_TOKENS, add_tokens, lacking_tokens, load_processor, require_model


class PolicyLoader(Ranged, ABC):
    """Where a policy and its processor come from."""

    check: bool = True
    """Whether what it computes is compared with the stock model at the start of a run."""

    chat_template_kwargs: Mapping[str, Any] = MappingProxyType({})
    """What its chat template is told besides the conversation."""

    @abstractmethod
    def load_processor(self) -> ProcessorMixin:
        """Return the tokenizer and the image processor."""

    def pictures(self) -> PictureCoding:
        """Return how the policy takes pictures."""
        return PATCHES

    @abstractmethod
    def load(self, processor: ProcessorMixin) -> nn.Module:
        """Return the policy, ready to train: parts frozen, adapters in, embeddings long enough for the processor."""

    @abstractmethod
    def load_reference(self, processor: ProcessorMixin, dtype: torch.dtype | None = None) -> nn.Module:
        """Load the same policy without adapters and with nothing to train.

        Args:
            processor: as for `load`.
            dtype: what the run computes in (see `revisual.models.precision.compute_dtype`): a copy that is only read
                need not be stored in more.
        """


@dataclass(frozen=True)
class PretrainedPolicy(PolicyLoader):
    """A policy from a Hugging Face folder or hub name: of pictures and text, or of text alone.

    Example: `PretrainedPolicy("Qwen/Qwen2.5-VL-7B-Instruct", freeze=["vision_tower", "projector"])`

    Args:
        path: of the folder, or its name on the hub.
        freeze: parts that are not trained.
        lora: train adapters in place of the weights of the language model, or of other parts; null: the weights
            themselves.
        gradient_checkpointing: keep only each layer's input for the backward pass, which computes the rest again.
        added_tokens: words that become tokens of their own, if the tokenizer lacks them; null: the tags of thoughts and
            answers. Adapters do not learn the rows of the embedding that new tokens need, so beside `lora` null adds
            none, and a token that the tokenizer lacks is refused.
        min_pixels: a smaller picture is made larger; null: as the processor says.
        max_pixels: a larger picture is made smaller; null: as the processor says.
        trust_remote_code: run code that comes with the model. Only for a model whose code you have read.
    """

    path: FilledText
    freeze: Sequence[Part] = ()
    lora: LoRA | None = None
    gradient_checkpointing: bool = False
    attention: Attention = "auto"
    """On a GPU, the kernel: `flash`, that of flash-attn (4, 3 or 2); `torch`, torch's own for sequences of any length;
    `sdpa`, torch's memory-efficient one, which also takes float32; `auto`, the first of these that works, which the log
    tells. `eager` is transformers' plain one, for rows that are padded. On a CPU, `auto` is torch's own."""
    packed: bool | None = None
    """Train on packed rows, where the completions of a group share one copy of their prompt; null: where the model is
    known to allow it. Else rows are padded, and prompts and pictures computed once per completion."""
    dtype: Literal["float32", "bfloat16"] = "float32"
    """What weights are stored in. What is trained must be in float32: bfloat16 is for policies that are only asked, and
    for the frozen weights under adapters, which are float32 in any case."""
    added_tokens: Sequence[FilledText] | None = None
    min_pixels: PositiveInt | None = None
    max_pixels: PositiveInt | None = None
    trust_remote_code: bool = False
    chat_template_kwargs: Mapping[str, Any] = field(default_factory=dict)
    """What the chat template is told besides the conversation, such as `{enable_thinking: false}`; a name that it does
    not read is refused."""
    check: bool = True
    """At the start of a run, compare log-probs of a few tokens, with and without pictures, with the stock model's own
    forward, and end the run where they differ. False: not for a model that a family names (docs/models.md)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_order(self, "min_pixels", "max_pixels")
        if self.lora is not None and (both := [part for part in self.lora.parts if part in self.freeze]):
            raise UserError(f"freeze: {both[0]} is frozen, and lora.parts gives it adapters to train")

    @override
    def load_processor(self) -> ProcessorMixin:
        processor = load_processor(self.path, trust_remote_code=self.trust_remote_code)
        self._add_tokens(processor)
        if self.min_pixels is not None or self.max_pixels is not None:
            self.pictures().limit_pixels(processor, self.min_pixels, self.max_pixels)
        return processor

    def _add_tokens(self, processor: ProcessorMixin) -> None:
        if self.lora is None:
            add_tokens(processor, THOUGHT_TOKENS if self.added_tokens is None else tuple(self.added_tokens))
        elif lacking := lacking_tokens(processor, tuple(self.added_tokens or ())):
            raise UserError(
                f"added_tokens: the tokenizer lacks {shorten_names(lacking)}, whose rows of the embedding adapters "
                "(lora) do not learn: leave them out, or train all weights first"
            )

    @override
    def pictures(self) -> PictureCoding:
        return find_family(self._config()).pictures()

    @override
    def load(self, processor: ProcessorMixin) -> nn.Module:
        policy = self._weights(processor)
        if self.lora is not None:
            self.lora.apply(policy)
        freeze(policy, self.freeze)
        hold_float32(policy)
        if self.gradient_checkpointing:
            policy.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        return policy

    @override
    def load_reference(self, processor: ProcessorMixin, dtype: torch.dtype | None = None) -> nn.Module:
        policy = self._weights(processor).eval().requires_grad_(False)
        if dtype is not None and dtype != torch.float32:
            store_as_computed(policy, dtype)
        hold_float32(policy)
        return policy

    def _weights(self, processor: ProcessorMixin) -> Any:
        config = self._config()
        family = find_family(config)
        packed = self._is_packed(family, config)
        options: dict[str, Any] = {
            "dtype": getattr(torch, self.dtype),
            "attn_implementation": family.attention_names(self.attention) if packed else attention_name(self.attention),
            "trust_remote_code": self.trust_remote_code,
        }
        if torch.get_default_device().type == "meta":
            policy = family.auto_class().from_config(config, **options)
            self._read_generation_config(policy)
        else:
            policy = self._read(family, options)
        if reason := family.refuses(policy):
            raise UserError(f"{self.path}: a {config.model_type} cannot be trained here: {reason}")
        if packed and (tower := family.windowed_tower(policy)) is not None:
            use_window_attention(tower, self.attention)
        grow_embeddings(policy, len(processor.tokenizer))
        return policy

    def _config(self) -> Any:
        require_model(self.path)
        try:
            return AutoConfig.from_pretrained(self.path, trust_remote_code=self.trust_remote_code)
        except (OSError, ValueError) as error:
            raise UserError(f"{self.path}: cannot load a policy: {' '.join(str(error).split())[:300]}") from error

    def _is_packed(self, family: ModelFamily, config: Any) -> bool:
        if self.attention == "flash":
            require_flash()
        if self.packed and not family.packs(config):
            raise UserError(f"packed: true: rows of {config.model_type} cannot be packed here: leave it out, or false")
        return (family.packs(config) and self.attention != "eager") if self.packed is None else self.packed

    def _read_generation_config(self, policy: Any) -> None:
        """Read what `from_pretrained` would, end tokens among it; without such a file it follows from the config."""
        with suppress(OSError):
            policy.generation_config = GenerationConfig.from_pretrained(
                self.path, trust_remote_code=self.trust_remote_code
            )

    def _read(self, family: ModelFamily, options: dict[str, Any]) -> Any:
        try:
            read: Any = family.auto_class().from_pretrained(
                self.path, use_safetensors=True, output_loading_info=True, ignore_mismatched_sizes=True, **options
            )
        except (OSError, ValueError, SafetensorError) as error:
            raise UserError(f"{self.path}: cannot load a policy: {' '.join(str(error).split())[:300]}") from error
        policy, loaded = read
        check_loaded(self.path, policy, loaded)
        return policy


def attention_name(attention: Attention) -> str:
    """Return the name that transformers has for `attention`, for a model that takes no layout.

    Raises:
        UserError: FlashAttention is asked for and not installed.
    """
    if attention == "flash":
        return f"flash_attention_{require_flash()}"
    return "eager" if attention == "eager" else "sdpa"


def require_flash() -> int:
    """Return the newest installed version of flash-attn.

    Raises:
        UserError: there is none.
    """
    kernel = next(candidates("flash"), None)
    if kernel is None:
        raise UserError(
            "attention: flash needs the flash-attn package: pip install --no-build-isolation 'revisual[flash]'"
        )
    return int(kernel.name.removeprefix("flash-attn ")[0])
