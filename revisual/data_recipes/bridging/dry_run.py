"""What would be asked, without asking it."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from revisual.client.journal import Record
from revisual.core.text import printable
from revisual.data.sample import Sample
from revisual.data_recipes.bridging.draft import STEPS, Draft, Outcome
from revisual.data_recipes.bridging.recipe import Recipe


def shown_prompts(
    samples: Iterator[Sample], recipe: Recipe, models: Mapping[str, str], count: int = 3
) -> Iterator[str]:
    """The prompts of the first `count` samples, step by step; replies, which are not there, as their step's name."""
    for number, sample in enumerate(islice(samples, count)):
        draft = Draft(number, sample)
        yield printable(f"=== {draft.name} (gold answer: {sample.answer})")
        found = recipe.next(draft)
        if isinstance(found, Outcome):
            yield f"dropped: {found.reason}"
            continue
        for step in STEPS:
            if step not in recipe.prompts:
                continue
            yield f"--- {step}, {models[step]}"
            yield printable(_words(recipe.request(draft, step).messages[0]["content"], sample))
            draft = draft.with_reply(step, Record("", "", 0, 0, f"[the reply of {step}]", "stop"))


def _words(content: str | list[dict[str, Any]], sample: Sample) -> str:
    if isinstance(content, str):
        return content
    pictures = [f"[picture {image}]" for image in sample.images]
    return "\n".join([*pictures, *(part["text"] for part in content if part["type"] == "text")])
