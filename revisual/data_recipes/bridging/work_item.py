"""A sample on its way through the steps, and what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from revisual.client.journal import Record
from revisual.data.conversation import question_text
from revisual.data.sample import Sample
from revisual.data_recipes.bridging.prompts import Prompt

STEPS = ("pseudo_cot", "description", "reasoning", "rewriting")
"""In their order; the last only where it is needed."""
VLM_STEPS = ("pseudo_cot", "description")
"""Those that see the pictures."""


@dataclass(frozen=True)
class WorkItem:
    """A sample and the replies so far.

    Example: `WorkItem(0, sample).with_reply("pseudo_cot", record)`
    """

    number: int
    """Its place in the source."""
    sample: Sample
    replies: Mapping[str, Record] = field(default_factory=dict)
    """By step."""

    @property
    def name(self) -> str:
        """Unique over all sources, e.g. `geometry3k/12`."""
        return f"{self.sample.source}/{self.sample.id}" if self.sample.source else self.sample.id

    def with_reply(self, step: str, record: Record) -> "WorkItem":
        """Return the item, one step further."""
        return replace(self, replies={**self.replies, step: record})

    @property
    def question(self) -> str:
        """The question as prompts show it, with its choices."""
        return question_text(self.sample)


@dataclass(frozen=True)
class Outcome:
    """What became of a sample: kept with `thoughts`, or dropped with a reason, or failed for want of an answer."""

    item: WorkItem
    by: str = ""
    """The step or filter that decided; empty if the sample is kept."""
    reason: str = ""
    thoughts: str = ""
    is_failed: bool = False
    """A request got no answer: a later call asks again."""

    @property
    def is_kept(self) -> bool:
        """It goes into the samples."""
        return not self.by


def describe_provenance(item: WorkItem, models: Mapping[str, str], prompts: Mapping[str, Prompt]) -> dict[str, Any]:
    """Describe where a sample's thoughts come from.

    Of each step the model, the prompt's hash, the request's key and the text are told. The key is that of the
    reply's line in the journal.
    """
    steps = {step: _origin(record, models[step], prompts[step]) for step, record in item.replies.items()}
    return {"id": item.sample.id, "steps": steps}


def _origin(record: Record, model: str, prompt: Prompt) -> dict[str, Any]:
    return {
        "model": model,
        "prompt_sha256": prompt.sha256,
        "key": record.key,
        "seed": record.seed,
        "finish_reason": record.finish_reason,
        "prompt_tokens": record.prompt_tokens,
        "completion_tokens": record.completion_tokens,
        "text": record.response,
        **({"error": record.error} if record.error else {}),
    }
