"""A policy and its longest inputs without data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.functional import pad

from revisual.core.errors import UserError
from revisual.data.encoding import PromptEncoder
from revisual.data.images import ImageSource
from revisual.data.prompt import EncodedPrompt
from revisual.data.sample import Sample
from revisual.models.families import find_family


def on_no_device(policy: Any, shapes: FakeTensorMode, dtype: torch.dtype | None = None) -> None:
    """Give a policy on the meta device weights that say they are on a CPU, and still have no data.

    What an operation does may depend on the device: autocast and the choice of an attention kernel do.
    """
    if dtype is not None:
        policy.to(dtype)
    with shapes:
        policy.to_empty(device="cpu")
        policy.tie_weights()


def kinds_of(policy: Any) -> Callable[[Tensor], str]:
    """Return a function that names a new tensor's kind: a copy of a weight (or its gradient), logits, or other."""
    shapes = [parameter.shape for parameter in policy.parameters() if parameter.ndim > 1]
    weights = {*shapes, *(shape[::-1] for shape in shapes)}
    vocabulary = policy.get_output_embeddings().weight.shape[0]

    def kind(tensor: Tensor) -> str:
        if tensor.shape in weights:
            return "copies"
        return "logits" if tensor.shape[-1:] == (vocabulary,) else "activations"

    return kind


@dataclass(frozen=True)
class LongestPrompt:
    """The prompt that everything is planned for, and its pictures' patches without data."""

    prompt: EncodedPrompt
    patches: Mapping[str, Tensor]
    pixels: int
    """Of all its pictures."""

    @property
    def patch_bytes(self) -> int:
        """Of the patches as the policy's forward takes them."""
        return sum(x.untyped_storage().nbytes() for x in self.patches.values())


def longest_prompt(
    encoder: PromptEncoder, policy: nn.Module, tokens: int, pictures: int, shapes: FakeTensorMode
) -> LongestPrompt:
    """Return a prompt of `tokens` tokens with the largest pictures that the processor and the prompt's length allow.

    Raises:
        UserError: so many pictures do not fit.
    """
    sample = _sample(encoder, tokens, pictures)
    encoded = encoder.encode(sample)
    types = encoded.mm_token_type_ids
    config: Any = policy.config
    text = int(encoder.encode_response("1")[0])
    picture = find_family(config).picture_token(config)
    ids = torch.where(types == 1, text if picture is None else picture, text)
    more = tokens - len(ids)
    prompt = replace(encoded, token_ids=pad(ids, (0, more), value=text), mm_token_type_ids=pad(types, (0, more)))
    patches = encoder.vision_inputs(encoded)
    with shapes:
        large = {
            name: torch.empty(value.shape, dtype=value.dtype, device="cpu")
            for name, value in patches.items()
            if value.is_floating_point()
        }
    _one_window(policy, patches)
    pixels = sum(picture.width * picture.height for picture in encoded.pictures)
    return LongestPrompt(prompt, {**patches, **large}, pixels)


def _one_window(policy: Any, patches: Mapping[str, Tensor]) -> None:
    """Make a tower's attention windows as large as the picture: as much memory by far fewer operations.

    Kernels hold no weights of the attention, and queries and keys are as many. Eager attention does hold them.
    """
    tower = find_family(policy.config).windowed_tower(policy)
    if hasattr(tower, "window_size") and "image_grid_thw" in patches and tower.config._attn_implementation != "eager":
        tower.window_size = int(patches["image_grid_thw"].max()) * tower.patch_size


def _sample(encoder: PromptEncoder, tokens: int, pictures: int) -> Sample:
    side = int(encoder.pictures.most_pixels(encoder.processor) ** 0.5) if pictures else 0
    while True:
        blank = ImageSource(image=Image.new("RGB", (side, side))) if pictures else None
        sample = Sample("longest", question="1", answer="1", images=[blank] * pictures if blank else [])
        if encoder.prompt_tokens(sample) <= tokens:
            return sample
        side = int(side * 0.98)
        if side < 28:
            raise UserError(f"prompts of {tokens} tokens have no room for {pictures} pictures")
