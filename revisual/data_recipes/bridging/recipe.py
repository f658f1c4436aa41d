"""What is asked of whom, in which order, and which replies go on (Vision-R1, section 3.2)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from revisual.client.journal import Record
from revisual.client.pictures import Pictures, PixelBounds
from revisual.client.request import ChatRequest, Message
from revisual.core.seeds import stable_seed
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
from revisual.data_recipes.bridging.work_item import STEPS, VLM_STEPS, Outcome, WorkItem
from revisual.grading.rules.boxes import after_thoughts

CHANGED_LENGTH = (0.5, 2.0)
"""Between these shares of what was to be rewritten; a shorter text left steps out, a longer one went on thinking."""


def default_filters() -> tuple[Filter, ...]:
    """Return what Vision-R1's rules ask for, and what training needs."""
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

    def next(self, item: WorkItem) -> str | Outcome:
        """Return the step to ask now, or what became of the sample."""
        fault = find_obstacle(item)
        if fault:
            return Outcome(item, "source", fault)
        for step in STEPS[:3]:
            record = item.replies.get(step)
            if record is None:
                return step
            if failed := _check_reply(item, step, record):
                return failed
        return self._filter_thoughts(item)

    def request(self, item: WorkItem, step: str) -> ChatRequest:
        """Return what the model of `step` is asked; its seed depends on nothing but the sample and the step."""
        text = self.prompts[step].fill(self._values(item))
        sample = item.sample
        content: Message = {"role": "user", "content": text}
        pictures = Pictures((), sample.id)
        if step in VLM_STEPS:
            places = [{"type": "image"} for _ in sample.images]
            content = {"role": "user", "content": [*places, {"type": "text", "text": text}]}
            pictures = Pictures(sample.images, sample.id, self.bounds)
        seed = stable_seed("bridge", self.seed, item.name, step) % 2**31  # some servers take 32 bits
        return ChatRequest(f"{item.name}/{step}", [content], pictures, seed=seed)

    def _values(self, item: WorkItem) -> dict[str, str]:
        texts = {step: record.response for step, record in item.replies.items()}
        values = {"question": item.question}
        if "pseudo_cot" in texts:
            values["pseudo_cot"] = remove_think_tags(texts["pseudo_cot"])
        if "description" in texts:
            values["description"] = strip_thoughts(texts["description"])
        if "reasoning" in texts:
            values["reasoning"] = self.rewriter(extract_thoughts(texts["reasoning"]))
        return values

    def _filter_thoughts(self, item: WorkItem) -> str | Outcome:
        """Return what the filters say of the thoughts, or `rewriting` if nothing but a model's rewriting is missing."""
        response = item.replies["reasoning"].response
        original = thoughts = self.rewriter(extract_thoughts(response))
        rewritten = item.replies.get("rewriting")
        if rewritten is not None:
            if failed := _check_reply(item, "rewriting", rewritten):
                return failed
            thoughts = self.rewriter(strip_thoughts(rewritten.response))
            low, high = (share * len(original) for share in CHANGED_LENGTH)
            if not low <= len(thoughts) <= high:
                return Outcome(item, "rewriting", "more than words changed")
        candidate = Candidate(item.sample, response, thoughts)
        mendable: Outcome | None = None
        for filter in self.filters:
            fault = filter(candidate)
            if fault and not filter.is_mendable:
                return Outcome(item, type(filter).__name__, fault, thoughts)
            if fault:
                mendable = mendable or Outcome(item, type(filter).__name__, fault, thoughts)
        if mendable and rewritten is None and "rewriting" in self.prompts:
            return "rewriting"
        return mendable or Outcome(item, thoughts=thoughts)


def find_obstacle(item: WorkItem) -> str:
    """Tell why a sample cannot be bridged; nothing if it can."""
    sample = item.sample
    if sample.messages is not None:
        return "is a conversation"
    if not sample.images:
        return "has no picture"
    return "" if sample.answer.strip() else "has no answer"


def extract_thoughts(response: str) -> str:
    """Return what stands in think tags, or the whole reply of a model that has none.

    Example: `extract_thoughts("<think>6 * 7</think>It is 42.") == "6 * 7"` and `extract_thoughts("42") == "42"`
    """
    head, end, rest = response.rpartition("</think>")
    thoughts = head.replace("<think>", "", 1).strip()
    return thoughts if end and thoughts else rest.strip()


def strip_thoughts(response: str) -> str:
    """Return what follows thoughts.

    Example: `strip_thoughts("<think>Let me look.</think> A circle.") == "A circle."`
    """
    return (after_thoughts(response) or "").strip()


def remove_think_tags(response: str) -> str:
    r"""Return thoughts and what follows them, without the tags.

    Example: `remove_think_tags("<think>A circle.</think> It is round.") == "A circle.\n\nIt is round."`
    """
    return re.sub(r"\s*</?think>\s*", "\n\n", response).strip()


def _check_reply(item: WorkItem, step: str, record: Record) -> Outcome | None:
    """Return what becomes of a sample if one of its replies is none; None if the reply is one."""
    if record.is_failed:
        return Outcome(item, step, f"no answer: {record.error}", is_failed=True)
    if record.finish_reason == "length":
        return Outcome(item, step, "cut at the limit of tokens")
    if after_thoughts(record.response) is None:
        return Outcome(item, step, "the thoughts never end")
    text = strip_thoughts(record.response) if step != "reasoning" else extract_thoughts(record.response)
    return None if text else Outcome(item, step, "an empty reply")
