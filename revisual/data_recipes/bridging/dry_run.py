"""What would be asked, without asking it."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from revisual.client.journal import Record
from revisual.core.text import printable
from revisual.data.sample import Sample
from revisual.data_recipes.bridging.recipe import Recipe
from revisual.data_recipes.bridging.work_item import STEPS, Outcome, WorkItem


def render_prompts(
    samples: Iterator[Sample], recipe: Recipe, models: Mapping[str, str], count: int = 3
) -> Iterator[str]:
    """Yield the prompts of the first `count` samples, step by step; a reply in them is its step's name."""
    for number, sample in enumerate(islice(samples, count)):
        item = WorkItem(number, sample)
        yield printable(f"=== {item.name} (gold answer: {sample.answer})")
        found = recipe.next(item)
        if isinstance(found, Outcome):
            yield f"dropped: {found.reason}"
            continue
        for step in STEPS:
            if step not in recipe.prompts:
                continue
            yield f"--- {step}, {models[step]}"
            yield printable(_render_content(recipe.request(item, step).messages[0]["content"], sample))
            item = item.with_reply(step, Record("", "", 0, 0, f"[the reply of {step}]", "stop"))


def _render_content(content: str | list[dict[str, Any]], sample: Sample) -> str:
    if isinstance(content, str):
        return content
    pictures = [f"[picture {image}]" for image in sample.images]
    return "\n".join([*pictures, *(part["text"] for part in content if part["type"] == "text")])
