"""From a sample to the tokens and pictures that a policy reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Int
from PIL.Image import Image, Resampling
from PIL.Image import new as new_picture
from torch import Tensor
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize

from revisual.core.errors import UserError
from revisual.data.patches import PatchStore
from revisual.data.prompt import EncodedPrompt
from revisual.data.sample import Sample
from revisual.data.system_prompts import REVISUAL_R1_SYSTEM_PROMPT

VISION_TOKENS = ("<|vision_start|>", "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>")


@dataclass(frozen=True)
class PromptEncoder:
    """Renders samples with a processor's chat template, and makes patches of their pictures."""

    processor: Any
    system_prompt: str | None = REVISUAL_R1_SYSTEM_PROMPT
    half_patches: bool = False
    """Keep patches in bfloat16: half the memory, and the same results where the policy computes in bfloat16."""

    def messages(self, sample: Sample) -> list[dict[str, Any]]:
        """Return the conversation to answer: pictures first, then the question, then its choices by letter."""
        if sample.messages is not None:
            turns = [dict(turn) for turn in sample.messages]
        else:
            text = sample.question
            if sample.choices:
                text += "\nChoices:\n" + "\n".join(f"{chr(65 + i)}. {c}" for i, c in enumerate(sample.choices))
            pictures = [{"type": "image"} for _ in sample.images]
            turns = [{"role": "user", "content": [*pictures, {"type": "text", "text": text}]}]
        if self.system_prompt is not None and turns[0]["role"] != "system":
            turns.insert(0, {"role": "system", "content": self.system_prompt})
        return turns

    def render(self, sample: Sample) -> str:
        """Return the prompt's text, one placeholder per picture.

        Raises:
            UserError: the placeholders in the text are not as many as the pictures, or a question spells one out.
        """
        self.check_words(sample, str(sample.question), *(sample.choices or ()), *_texts(sample.messages or ()))
        text: str = self.processor.apply_chat_template(
            self.messages(sample), add_generation_prompt=True, tokenize=False
        )
        image_token = getattr(self.processor, "image_token", None)
        if image_token and text.count(image_token) != len(sample.images):
            raise UserError(
                f"sample {sample.id}: {text.count(image_token)} places for pictures in the prompt, "
                f"but {len(sample.images)} pictures"
            )
        return text

    def check_words(self, sample: Sample, *texts: str) -> None:
        """Refuse texts that spell out a token which stands for a part of a picture.

        Raises:
            UserError: one does; it names the sample.
        """
        own = (getattr(self.processor, name, None) for name in ("image_token", "video_token"))
        for token in dict.fromkeys([*VISION_TOKENS, *own]):
            if token and any(token in text for text in texts):
                raise UserError(f"sample {sample.id}: its text holds {token}, which the policy takes for a picture's")

    def encode(self, sample: Sample) -> EncodedPrompt:
        """Return the prompt's token ids with its placeholders expanded, and its pictures at the policy's size.

        Patches are not made here: they are counted from the pictures' sizes.
        """
        text = self.render(sample)
        pictures = tuple(self._resize(picture, sample.id) for picture in sample.load_images())
        engine_ids = torch.tensor(self.processor.tokenizer(text)["input_ids"])
        if pictures and not self.counts_by_size:
            encoded = self.processor(text=[text], images=list(pictures), return_tensors="pt")
            token_ids, types = encoded["input_ids"][0], encoded.get("mm_token_type_ids")
            type_ids = torch.zeros_like(token_ids) if types is None else types[0].to(token_ids)
        else:
            token_ids = self._expand(engine_ids, [picture.size for picture in pictures])
            is_patch = token_ids == getattr(self.processor, "image_token_id", -1)
            type_ids = is_patch.to(token_ids) if pictures else torch.zeros_like(token_ids)
        return EncodedPrompt(
            id=sample.id,
            sample=sample,
            token_ids=token_ids,
            engine_token_ids=engine_ids,
            mm_token_type_ids=type_ids,
            pictures=pictures,
        )

    @property
    def counts_by_size(self) -> bool:
        """Whether a picture's tokens are one placeholder, so many times as its size says (Qwen's families)."""
        image_processor = self.processor.image_processor
        return hasattr(image_processor, "merge_size") and hasattr(self.processor, "_get_num_multimodal_tokens")

    def _expand(self, token_ids: Int[Tensor, " Q"], sizes: Sequence[tuple[int, int]]) -> Int[Tensor, " P"]:
        """Repeat each picture's placeholder as often as the policy reads it."""
        if not sizes:
            return token_ids
        repeats = torch.ones_like(token_ids)
        repeats[token_ids == self.processor.image_token_id] = torch.tensor(self._picture_tokens(sizes))
        return token_ids.repeat_interleave(repeats)

    def _picture_tokens(self, sizes: Sequence[tuple[int, int]]) -> list[int]:
        counts = self.processor._get_num_multimodal_tokens(image_sizes=[size[::-1] for size in sizes])
        return list(counts["num_image_tokens"])

    def prompt_tokens(self, sample: Sample) -> int:
        """Return how many tokens `encode` would make, from the pictures' sizes alone."""
        tokens = len(self.processor.tokenizer(self.render(sample))["input_ids"])
        sizes = [self._size(image.size(sample.id), sample.id) for image in sample.images]
        return tokens + (sum(self._picture_tokens(sizes)) - len(sizes) if sizes else 0)

    def vision_inputs(self, prompt: EncodedPrompt) -> Mapping[str, Tensor]:
        """Return the patches of a prompt's pictures, as the policy's forward takes them; empty without pictures."""
        return self._patches(prompt) if prompt.pictures else {}

    @cached_property
    def _patches(self) -> PatchStore:
        return PatchStore(self._patches_of)

    @cached_property
    def blank(self) -> Mapping[str, Tensor]:
        """The patches of a small black picture."""
        return self._processed([new_picture("RGB", (56, 56))])

    def _patches_of(self, prompt: EncodedPrompt) -> Mapping[str, Tensor]:
        return self._processed(prompt.pictures)

    def _processed(self, pictures: Sequence[Image]) -> dict[str, Tensor]:
        features: Any = self.processor.image_processor(images=list(pictures), return_tensors="pt")
        tensors = {name: value for name, value in features.items() if isinstance(value, Tensor)}
        if not self.half_patches:
            return tensors
        return {name: value.bfloat16() if value.is_floating_point() else value for name, value in tensors.items()}

    def encode_response(self, text: str) -> Int[Tensor, " R"]:
        """Return token ids of a response, closed by the end token."""
        tokenizer = self.processor.tokenizer
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        return torch.tensor([*ids, tokenizer.eos_token_id])

    def decode(self, token_ids: Sequence[int]) -> str:
        """Return a response's text: thought tokens kept, the end token left out."""
        return str(self.processor.tokenizer.decode(token_ids, skip_special_tokens=True))

    def _resize(self, picture: Image, sample_id: str) -> Image:
        size = self._size(picture.size, sample_id)
        return picture if size == picture.size else picture.resize(size, Resampling.BICUBIC)

    def _size(self, size: tuple[int, int], sample_id: str) -> tuple[int, int]:
        """Return a size that no later resizing changes; of a long thin picture, resizing once is not enough."""
        processor = self.processor.image_processor
        if not hasattr(processor, "merge_size"):  # a model whose pictures have one size: its own processor sees to it
            return size
        before = None
        while size != before:
            before = size
            try:
                height, width = smart_resize(
                    size[1],
                    size[0],
                    factor=processor.patch_size * processor.merge_size,
                    min_pixels=processor.size["shortest_edge"],
                    max_pixels=processor.size["longest_edge"],
                )
            except ValueError as error:  # an aspect ratio above 200
                raise UserError(f"sample {sample_id}: a picture of {size[0]} x {size[1]} pixels: {error}") from error
            size = (width, height)
        return size


def _texts(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what the turns of a conversation say, without the places of pictures."""
    contents = [turn.get("content") or "" for turn in messages]
    parts = [part for content in contents for part in ([{"text": content}] if isinstance(content, str) else content)]
    return [str(part.get("text", "")) for part in parts]
