"""Answers that appear on the terminal as they are written."""

import inspect
from collections.abc import Callable
from typing import Any

import torch
from rich.console import Console
from rich.panel import Panel
from rich.text import Text
from torch import Tensor
from transformers import GenerationConfig, TextStreamer

from revisual.cli.generation.thoughts import ThoughtSplitter
from revisual.client.request import Decoding
from revisual.core.text import printable
from revisual.data.encoding import PromptEncoder
from revisual.data.prompt import EncodedPrompt
from revisual.data.sample import Sample
from revisual.grading.grader import Grader
from revisual.models.families import find_family
from revisual.models.logprobs import banned_token_ids


class _Pieces(TextStreamer):
    """Hands on whole words of the answer as they are decoded."""

    def __init__(self, tokenizer: Any, say: Callable[[str], None]) -> None:
        super().__init__(tokenizer, skip_prompt=True, skip_special_tokens=True)
        self._say = say

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        self._say(text)


def stream_answer(
    policy: Any, encoder: PromptEncoder, sample: Sample, decoding: Decoding, seed: int, say: Callable[[str], None]
) -> tuple[str, bool]:
    """Write one answer, of which `say` gets each piece; return the whole, and whether it was cut at the limit.

    The seed makes answers repeatable on one machine.
    """
    prompt = encoder.encode(sample)
    tokenizer = encoder.processor.tokenizer
    inputs = {name: value.to(policy.device) for name, value in _inputs(policy, prompt, encoder).items()}
    # The folder's own settings would fill in whatever is left open here, such as a penalty of repetitions.
    configured = policy.generation_config
    settings = _settings(policy, tokenizer, decoding)
    policy.generation_config = settings
    torch.manual_seed(seed)
    try:
        sequence = policy.generate(**inputs, streamer=_Pieces(tokenizer, say))[0, len(prompt.token_ids) :].tolist()
    finally:
        policy.generation_config = configured
    return encoder.decode(sequence, prompt.opened), sequence[-1] not in settings.eos_token_id


def _inputs(policy: Any, prompt: EncodedPrompt, encoder: PromptEncoder) -> dict[str, Tensor]:
    ids = prompt.token_ids[None]
    name = find_family(policy.config).token_types
    taken = inspect.signature(type(policy).forward).parameters  # `generate` refuses what a model does not name
    types = {name: prompt.mm_token_type_ids[None]} if name is not None and name in taken else {}
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), **types, **encoder.vision_inputs(prompt)}


def _settings(policy: Any, tokenizer: Any, decoding: Decoding) -> GenerationConfig:
    is_sampled = decoding.temperature > 0
    ends = policy.generation_config.eos_token_id
    own = ends if isinstance(ends, list) else [ends]
    sampling = {"temperature": decoding.temperature, "top_p": decoding.top_p, "top_k": decoding.top_k}
    return GenerationConfig(
        do_sample=is_sampled,
        max_new_tokens=decoding.max_tokens,
        eos_token_id=sorted({end for end in [*own, tokenizer.eos_token_id] if end is not None}),
        pad_token_id=tokenizer.pad_token_id,
        suppress_tokens=banned_token_ids(policy).tolist() or None,
        **(sampling if is_sampled else {}),
    )


class LiveAnswer:
    """Prints an answer piece by piece, thoughts dimmed, and at last what it commits to, in a box."""

    def __init__(self, console: Console) -> None:
        self._console, self._splitter = console, ThoughtSplitter()

    def say(self, piece: str) -> None:
        """Print a piece."""
        for is_thought, text in self._splitter.add(piece):
            self._print(is_thought, text)

    def end(self, extracted: str, is_cut: bool) -> None:
        """Print what waits, and in a box the answer that was extracted from the whole."""
        for is_thought, text in self._splitter.end():
            self._print(is_thought, text)
        self._console.print()
        if extracted:
            self._console.print(Panel.fit(Text(printable(extracted), style="bold"), title="answer"))
        elif is_cut:
            self._console.print(Text("no answer within the limit of tokens", style="yellow"))
        else:
            self._console.print(Text("no answer found", style="yellow"))

    def _print(self, is_thought: bool, text: str) -> None:
        self._console.print(Text(printable(text), style="dim" if is_thought else ""), end="", soft_wrap=True)


def answer_on_terminal(
    policy: Any,
    encoder: PromptEncoder,
    sample: Sample,
    decoding: Decoding,
    grader: Grader,
    n: int = 1,
    seed: int = 0,
) -> None:
    """Print `n` answers to a question as they are written."""
    console = Console(highlight=False)
    for index in range(n):
        if n > 1:
            console.rule(f"{index + 1} of {n}")
        live = LiveAnswer(console)
        response, is_cut = stream_answer(policy, encoder, sample, decoding, seed + index, live.say)
        live.end(grader.extract(response, sample), is_cut)
