"""What is asked of whom, in which order, and which replies go on (Vision-R1, section 3.2)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from revisual.client.journal import Record
from revisual.client.pictures import Pictures, PixelBounds
from revisual.client.request import ChatRequest, Message
from revisual.core.seeds import stable_seed
from revisual.data_recipes.bridging.draft import STEPS, VLM_STEPS, Draft, Outcome
from revisual.data_recipes.bridging.filters import (
    Candidate,
    ConsistentThoughts,
    Filter,
    PlainThoughts,
    RightAnswer,
    SpeaksOfThePicture,
    ThoughtLength,
)
from revisual.data_recipes.bridging.language import Language
from revisual.data_recipes.bridging.prompts import Prompt
from revisual.data_recipes.bridging.rewriting import Rewriter, RuleRewriter
from revisual.grading.rules.boxes import after_thoughts

CHANGED_LENGTH = (0.5, 2.0)
"""Between these shares of what was to be rewritten; a shorter text left steps out, a longer one went on thinking."""


def default_filters() -> tuple[Filter, ...]:
    """What Vision-R1's rules ask for, and what training needs."""
    return (RightAnswer(), ConsistentThoughts(), ThoughtLength(), PlainThoughts(), Language(), SpeaksOfThePicture())


@dataclass(frozen=True)
class Recipe:
    """A sample's way from a picture to thoughts.

    Args:
        prompts: by step; without `rewriting`, what rules cannot rewrite is dropped.
        filters: all must be passed.
        rewriter: changes thoughts before they are filtered.
        seed: of the replies.
        bounds: what size pictures are sent in.
    """

    prompts: Mapping[str, Prompt]
    filters: Sequence[Filter] = field(default_factory=default_filters)
    rewriter: Rewriter = field(default_factory=RuleRewriter)
    seed: int = 0
    bounds: PixelBounds = field(default_factory=PixelBounds)

    def next(self, draft: Draft) -> str | Outcome:
        """The step to ask now, or what became of the sample."""
        fault = unfit(draft)
        if fault:
            return Outcome(draft, "source", fault)
        for step in STEPS[:3]:
            record = draft.replies.get(step)
            if record is None:
                return step
            if failed := _faulty(draft, step, record):
                return failed
        return self._judged(draft)

    def request(self, draft: Draft, step: str) -> ChatRequest:
        """What the model of `step` is asked; its seed depends on nothing but the sample and the step."""
        text = self.prompts[step].filled(self._values(draft))
        sample = draft.sample
        content: Message = {"role": "user", "content": text}
        pictures = Pictures((), sample.id)
        if step in VLM_STEPS:
            places = [{"type": "image"} for _ in sample.images]
            content = {"role": "user", "content": [*places, {"type": "text", "text": text}]}
            pictures = Pictures(sample.images, sample.id, self.bounds)
        seed = stable_seed("bridge", self.seed, draft.name, step) % 2**31  # some servers take 32 bits
        return ChatRequest(f"{draft.name}/{step}", [content], pictures, seed=seed)

    def _values(self, draft: Draft) -> dict[str, str]:
        texts = {step: record.response for step, record in draft.replies.items()}
        values = {"question": draft.question}
        if "pseudo_cot" in texts:
            values["pseudo_cot"] = without_tags(texts["pseudo_cot"])
        if "description" in texts:
            values["description"] = said(texts["description"])
        if "reasoning" in texts:
            values["reasoning"] = self.rewriter(thoughts_of(texts["reasoning"]))
        return values

    def _judged(self, draft: Draft) -> str | Outcome:
        """What the filters say of the thoughts, or `rewriting` if nothing but a model's rewriting is missing."""
        response = draft.replies["reasoning"].response
        original = thoughts = self.rewriter(thoughts_of(response))
        rewritten = draft.replies.get("rewriting")
        if rewritten is not None:
            if failed := _faulty(draft, "rewriting", rewritten):
                return failed
            thoughts = self.rewriter(said(rewritten.response))
            low, high = (share * len(original) for share in CHANGED_LENGTH)
            if not low <= len(thoughts) <= high:
                return Outcome(draft, "rewriting", "more than words changed")
        candidate = Candidate(draft.sample, response, thoughts)
        mendable: Outcome | None = None
        for filter in self.filters:
            fault = filter(candidate)
            if fault and not filter.is_mendable:
                return Outcome(draft, type(filter).__name__, fault, thoughts)
            if fault:
                mendable = mendable or Outcome(draft, type(filter).__name__, fault, thoughts)
        if mendable and rewritten is None and "rewriting" in self.prompts:
            return "rewriting"
        return mendable or Outcome(draft, thoughts=thoughts)


def unfit(draft: Draft) -> str:
    """Why a sample cannot be bridged; empty if it can."""
    sample = draft.sample
    if sample.messages is not None:
        return "is a conversation"
    if not sample.images:
        return "has no picture"
    return "" if sample.answer.strip() else "has no answer"


def thoughts_of(response: str) -> str:
    """What stands in think tags, or the whole reply of a model that has none.

    Example: `thoughts_of("<think>6 * 7</think>It is 42.") == "6 * 7"` and `thoughts_of("It is 42.") == "It is 42."`
    """
    head, end, rest = response.rpartition("</think>")
    thoughts = head.replace("<think>", "", 1).strip()
    return thoughts if end and thoughts else rest.strip()


def said(response: str) -> str:
    """What follows thoughts.

    Example: `said("<think>Let me look.</think> A circle.") == "A circle."`
    """
    return (after_thoughts(response) or "").strip()


def without_tags(response: str) -> str:
    r"""Thoughts and what follows them, without the tags.

    Example: `without_tags("<think>A circle.</think> It is round.") == "A circle.\n\nIt is round."`
    """
    return re.sub(r"\s*</?think>\s*", "\n\n", response).strip()


def _faulty(draft: Draft, step: str, record: Record) -> Outcome | None:
    """What becomes of a sample one of whose replies is none."""
    if record.is_failed:
        return Outcome(draft, step, f"no answer: {record.error}", is_failed=True)
    if record.finish_reason == "length":
        return Outcome(draft, step, "cut at the limit of tokens")
    if after_thoughts(record.response) is None:
        return Outcome(draft, step, "the thoughts never end")
    text = said(record.response) if step != "reasoning" else thoughts_of(record.response)
    return None if text else Outcome(draft, step, "an empty reply")
