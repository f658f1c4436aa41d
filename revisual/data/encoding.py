"""From a sample to the tokens and pictures that a policy reads."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Int
from PIL.Image import Image, Resampling
from PIL.Image import new as new_picture
from torch import Tensor

from revisual.core.errors import UserError
from revisual.data.chat_rendering import render_chat
from revisual.data.conversation import conversation
from revisual.data.patches import PatchStore
from revisual.data.picture_coding import BLANK_SIDE, PATCHES, PictureCoding
from revisual.data.prompt import EncodedPrompt
from revisual.data.sample import Sample
from revisual.data.system_prompts import REVISUAL_R1_SYSTEM_PROMPT
from revisual.data.turns import text_of

THOUGHTS = re.compile(r"<think>(.*?)</think>\s*", re.DOTALL)
OPENED = re.compile(r"<think>\s*(</think>\s*)?\Z")
"""How a prompt ends whose chat template opens the answer's thoughts, and may close them at once."""


@dataclass(frozen=True)
class PromptEncoder:
    """Renders samples with a processor's chat template, and makes patches of their pictures."""

    processor: Any
    system_prompt: str | None = REVISUAL_R1_SYSTEM_PROMPT
    half_patches: bool = False
    """Keep patches in bfloat16: half the memory, and the same results where the policy computes in bfloat16."""
    pictures: PictureCoding = PATCHES
    """How the policy takes pictures."""
    chat_template_kwargs: Mapping[str, Any] = field(default_factory=dict)
    """What the chat template is told besides the conversation, as whether to think."""

    def __post_init__(self) -> None:
        """Refuse what the chat template would not read: jinja says nothing of it.

        Raises:
            UserError: the template has no such variable.
        """
        for name in self.chat_template_kwargs:
            template = self.processor.chat_template or self.processor.tokenizer.chat_template
            if name not in str(template):
                raise UserError(f"chat_template_kwargs: the chat template reads no {name}")

    def messages(self, sample: Sample) -> list[dict[str, Any]]:
        """Return the conversation to answer: pictures first, then the question, then its choices by letter."""
        return conversation(sample, self.system_prompt)

    def render(self, sample: Sample) -> str:
        """Return the prompt's text, one placeholder per picture.

        Raises:
            UserError: the chat template does not render it, the placeholders in the text are not as many as the
                pictures, or a question spells one out.
        """
        self.check_words(sample, str(sample.question), *(sample.choices or ()), *map(text_of, sample.messages or ()))
        try:
            text = render_chat(self.processor, self.messages(sample), self.chat_template_kwargs)
        except UserError as error:
            raise UserError(f"sample {sample.id}: {error}") from error
        image_token = getattr(self.processor, "image_token", None)
        if sample.images and not image_token:
            raise UserError(f"sample {sample.id}: has pictures, and the policy reads text alone")
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
        for token in dict.fromkeys([*self.pictures.words, *own]):
            if token and any(token in text for text in texts):
                raise UserError(f"sample {sample.id}: its text holds {token}, which the policy takes for a picture's")

    def encode(self, sample: Sample) -> EncodedPrompt:
        """Return the prompt's token ids with its placeholders expanded, and its pictures at the policy's size.

        Patches are not made here: they are counted from the pictures' sizes.
        """
        text = self.render(sample)
        pictures = tuple(self._resize(picture, sample.id) for picture in sample.load_images())
        engine_ids = torch.tensor(self._tokenize(text))
        counts = self.pictures.count_tokens(self.processor, [picture.size for picture in pictures]) if pictures else []
        if counts is None:
            options = {"return_tensors": "pt", **self._special_tokens(text)}
            encoded = self.processor(text=[text], images=[list(pictures)], **options)
            named = (encoded.get(name) for name in ("mm_token_type_ids", "token_type_ids"))
            token_ids, types = encoded["input_ids"][0], next((found for found in named if found is not None), None)
            type_ids = torch.zeros_like(token_ids) if types is None else types[0].to(token_ids)
        else:
            token_ids = self._expand(engine_ids, counts)
            is_patch = token_ids == getattr(self.processor, "image_token_id", -1)
            type_ids = is_patch.to(token_ids) if pictures else torch.zeros_like(token_ids)
        return EncodedPrompt(
            id=sample.id,
            sample=sample,
            token_ids=token_ids,
            engine_token_ids=engine_ids,
            mm_token_type_ids=type_ids,
            pictures=pictures,
            opened=opened_thoughts(text),
        )

    def _tokenize(self, text: str) -> list[int]:
        ids: list[int] = self.processor.tokenizer(text, **self._special_tokens(text))["input_ids"]
        return ids

    def _special_tokens(self, text: str) -> dict[str, bool]:
        """Keep a tokenizer from writing its first token before that of the chat template, as transformers does.

        Templates of language models write all that there is; a processor adds what the template lacks.
        """
        first = self.processor.tokenizer.bos_token
        reads_pictures = hasattr(self.processor, "image_processor")
        return {} if reads_pictures and not (first and text.startswith(first)) else {"add_special_tokens": False}

    def _expand(self, token_ids: Int[Tensor, " Q"], counts: Sequence[int]) -> Int[Tensor, " P"]:
        """Repeat each picture's placeholder as often as the policy reads it."""
        if not counts:
            return token_ids
        repeats = torch.ones_like(token_ids)
        repeats[token_ids == self.processor.image_token_id] = torch.tensor(counts)
        return token_ids.repeat_interleave(repeats)

    def prompt_tokens(self, sample: Sample) -> int:
        """Return how many tokens `encode` would make, where that is possible from the pictures' sizes alone."""
        text = self.render(sample)
        tokens = len(self._tokenize(text))
        if not sample.images:
            return tokens
        sizes = [self._size(image.size(sample.id), sample.id) for image in sample.images]
        counts = self.pictures.count_tokens(self.processor, sizes)
        return len(self.encode(sample).token_ids) if counts is None else tokens + sum(counts) - len(sizes)

    def vision_inputs(self, prompt: EncodedPrompt) -> Mapping[str, Tensor]:
        """Return the patches of a prompt's pictures, as the policy's forward takes them; empty without pictures."""
        return self._patches(prompt) if prompt.pictures else {}

    @cached_property
    def _patches(self) -> PatchStore:
        return PatchStore(self._patches_of)

    @cached_property
    def blank(self) -> Mapping[str, Tensor]:
        """The patches of a small black picture."""
        return self._processed([new_picture("RGB", (BLANK_SIDE, BLANK_SIDE))])

    def _patches_of(self, prompt: EncodedPrompt) -> Mapping[str, Tensor]:
        return self._processed(prompt.pictures)

    def _processed(self, pictures: Sequence[Image]) -> dict[str, Tensor]:
        tensors = dict(self.pictures.process(self.processor, pictures))
        if not self.half_patches:
            return tensors
        return {name: value.bfloat16() if value.is_floating_point() else value for name, value in tensors.items()}

    def encode_response(self, text: str, opened: str = "") -> Int[Tensor, " R"]:
        """Return token ids of a response, closed by the end token; without what the prompt has `opened` of it.

        Raises:
            UserError: the response holds thoughts, and the chat template has closed them.
        """
        tokenizer, text = self.processor.tokenizer, behind_opened(text, opened)
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        return torch.tensor([*ids, tokenizer.eos_token_id])

    def decode(self, token_ids: Sequence[int], opened: str = "") -> str:
        """Return a response's text behind what its prompt has `opened`; the end token is left out."""
        return opened + str(self.processor.tokenizer.decode(token_ids, skip_special_tokens=True))

    def _resize(self, picture: Image, sample_id: str) -> Image:
        size = self._size(picture.size, sample_id)
        return picture if size == picture.size else picture.resize(size, Resampling.BICUBIC)

    def _size(self, size: tuple[int, int], sample_id: str) -> tuple[int, int]:
        try:
            return self.pictures.fit_size(self.processor, size)
        except ValueError as error:  # an aspect ratio above 200
            raise UserError(f"sample {sample_id}: a picture of {size[0]} x {size[1]} pixels: {error}") from error


def opened_thoughts(prompt: str) -> str:
    r"""Return what a prompt ends in of the answer's thoughts: their opening tag, or both tags with nothing within.

    Example: `opened_thoughts("<|im_start|>assistant\n<think>\n")` is `"<think>\n"`.
    """
    found = OPENED.search(prompt)
    return found[0] if found else ""


def behind_opened(text: str, opened: str) -> str:
    r"""Return what a response goes on with behind what its prompt has `opened`.

    Example: `behind_opened("<think>\n6 * 7</think>42", "<think>\n")` is `"6 * 7</think>42"`.

    Raises:
        UserError: the response holds thoughts, and the chat template has closed them.
    """
    if not opened or not text.startswith("<think>"):
        return text
    if "</think>" not in opened:
        return text.removeprefix("<think>").removeprefix(opened.removeprefix("<think>"))
    found = THOUGHTS.match(text)
    if found is None or found[1].strip():
        raise UserError("its response holds thoughts, and the chat template has closed them (chat_template_kwargs)")
    return text[found.end() :]
