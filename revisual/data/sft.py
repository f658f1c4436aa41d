"""Prompts with responses to learn from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from jaxtyping import Int
from torch import Tensor
from torch.utils.data import Dataset
from typing_extensions import override

from revisual.core.errors import UserError
from revisual.core.ranges import PositiveInt, ResponseTemplate, check_ranges
from revisual.data.encoding import PromptEncoder
from revisual.data.prompt import EncodedPrompt
from revisual.data.prompts import PromptDataModule
from revisual.data.sample import Sample
from revisual.data.turns import count_pictures, reply_text

THOUGHTS_THEN_BOX = "<think>\n{solution}\n</think>\n\n\\boxed{{answer}}"
"""ReVisual-R1's form of a response."""


@dataclass(frozen=True)
class Example:
    """A prompt and the response to learn, end token included."""

    prompt: EncodedPrompt
    response_ids: Int[Tensor, " R"]


def make_example(prompt: EncodedPrompt, encoder: PromptEncoder, template: str) -> Example | None:
    """Return a prompt with the response that its sample teaches; none if it has no solution that is asked for."""
    sample: Sample = prompt.sample
    if "{solution}" in template and not sample.solution and reply_text(sample.messages or ()) is None:
        return None
    return _teach(prompt, encoder, template)


def _teach(prompt: EncodedPrompt, encoder: PromptEncoder, template: str) -> Example:
    try:
        return Example(prompt, encoder.encode_response(response_text(prompt.sample, template), prompt.opened))
    except UserError as error:
        told = str(error)
        raise UserError(told if prompt.sample.id in told else f"sample {prompt.sample.id}: {told}") from error


class ExampleDataset(Dataset[Example]):
    """Samples as examples, encoded when they are asked for."""

    def __init__(self, samples: Sequence[Sample], encoder: PromptEncoder, template: str) -> None:
        self.samples, self.encoder, self.template = samples, encoder, template

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Example:
        return _teach(self.encoder.encode(self.samples[index]), self.encoder, self.template)


def response_text(sample: Sample, template: str) -> str:
    r"""Return the response that a sample teaches: the last turn of its conversation, or else what the template makes.

    Example: template `"<think>{solution}</think>\boxed{{answer}}"` gives `<think>6 * 7 = 42</think>\boxed{42}`.

    Raises:
        UserError: the template asks for a solution and the sample has none.
    """
    reply = reply_text(sample.messages or ())
    if reply is not None:
        return reply
    if "{solution}" in template and not sample.solution:
        raise UserError(f"sample {sample.id} has no solution, which response_template asks for")
    head, _, tail = template.partition("{solution}")
    answered = [part.replace("{answer}", sample.answer) for part in (head, tail)]
    return (sample.solution or "").join(answered) if "{solution}" in template else answered[0]


def split_by_reply(sample: Sample) -> list[Sample]:
    """Return a sample for each of the assistant's turns, which ends with it; one without such turns as it is.

    Each has the pictures that stand before its turn, and an id of its own from the second turn on.
    """
    messages = sample.messages or ()
    ends = [place + 1 for place, turn in enumerate(messages) if place and turn["role"] == "assistant"]
    if len(ends) < 2:
        return [sample]
    return [
        replace(
            sample,
            id=sample.id if number == 0 else f"{sample.id}, turn {number + 1}",
            messages=messages[:end],
            images=sample.images[: count_pictures(messages[:end])],
        )
        for number, end in enumerate(ends)
    ]


class SFTDataModule(PromptDataModule):
    """Training samples with responses; validation, test and predict as prompts to answer.

    Args:
        response_template: the response's text, with `{solution}` and `{answer}` filled in.
        max_response_tokens: a longer response is dropped and counted, never cut.
        learn_from: of a conversation, its last turn alone, or every turn of the assistant: each is then an example.
    """

    def __init__(
        self,
        *args: Any,
        response_template: ResponseTemplate = THOUGHTS_THEN_BOX,
        max_response_tokens: PositiveInt = 32768,
        learn_from: Literal["last_turn", "every_turn"] = "last_turn",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.response_template, self.max_response_tokens = response_template, max_response_tokens
        self.learn_from = learn_from
        check_ranges(self)

    @override
    def dataset(self, split: str, samples: Sequence[Sample], encoder: PromptEncoder) -> Dataset[Any]:
        if split != "train":
            return super().dataset(split, samples, encoder)
        return ExampleDataset(samples, encoder, self.response_template)

    @override
    def items(self, split: str, samples: Sequence[Sample]) -> list[Sample]:
        if split != "train" or self.learn_from == "last_turn":
            return list(samples)
        return [turn for sample in samples for turn in split_by_reply(sample)]

    @override
    def lengths(self, sample: Sample, encoder: PromptEncoder, split: str) -> tuple[int, int]:
        prompt, _ = super().lengths(sample, encoder, split)
        if split != "train":
            return prompt, 0
        response = response_text(sample, self.response_template)
        encoder.check_words(sample, response)
        return prompt, len(encoder.encode_response(response))

    @override
    def limits(self, split: str) -> str:
        limits = super().limits(split)
        return f"{limits}, max_response_tokens {self.max_response_tokens}" if split == "train" else limits

    @override
    def fits(self, prompt: int, response: int) -> bool:
        return super().fits(prompt, response) and response <= self.max_response_tokens
