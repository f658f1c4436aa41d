"""`revisual bridge`: cold-start samples about pictures, from a model that sees them and one that thinks."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from revisual.cli.command import GOES_ON, FunctionCommand
from revisual.cli.options import Flattened
from revisual.cli.progress import TerminalProgress
from revisual.cli.tables import number_table, wide_console
from revisual.client.budget import Budget
from revisual.client.pictures import PixelBounds
from revisual.config.parts import BRIDGING
from revisual.core.errors import UserError
from revisual.core.interrupt import Interrupted, handling_signals
from revisual.core.ranges import PositiveInt, Seed
from revisual.data.readers import SampleReader
from revisual.data_recipes.bridging.bridge import Bridge
from revisual.data_recipes.bridging.dry_run import render_prompts
from revisual.data_recipes.bridging.endpoint import Endpoint
from revisual.data_recipes.bridging.filters import Filter
from revisual.data_recipes.bridging.output import SAMPLES, Output
from revisual.data_recipes.bridging.prompts import PromptFiles
from revisual.data_recipes.bridging.recipe import Recipe, default_filters
from revisual.data_recipes.bridging.rewriting import Rewriter, RuleRewriter
from revisual.data_recipes.bridging.source import check_readers, stream_samples
from revisual.data_recipes.bridging.work_item import describe_provenance

INTERRUPTED = f"revisual bridge: {GOES_ON}"


@dataclass(frozen=True)
class SourceOptions:
    """What is asked about.

    Args:
        data: where questions about pictures with gold answers come from.
        root: the folder that readers' relative paths start from.
        limit: take only the first so many samples.
    """

    data: list[SampleReader]
    root: Path | None = None
    limit: PositiveInt | None = None


@dataclass(frozen=True)
class RecipeOptions:
    """What is asked, and which replies are kept.

    Args:
        prompts: files with the words of each step.
        rewriter: what lets thoughts speak of the picture; by default rules.
        filters: what kept samples must pass; by default answer, consistency, length, markup, language, talk.
        seed: of the replies.
    """

    prompts: PromptFiles = PromptFiles()  # noqa: RUF009  # frozen
    rewriter: Rewriter | None = None
    filters: list[Filter] | None = None
    seed: Seed = 0

    def recipe(self, pixels: PixelBounds) -> Recipe:
        """Return the recipe, with what is not given by default."""
        filters = default_filters() if self.filters is None else tuple(self.filters)
        return Recipe(self.prompts.read(), filters, self.rewriter or RuleRewriter(), self.seed, pixels)


@dataclass(frozen=True)
class BudgetOptions:
    """How much is asked.

    Args:
        max_requests: stop after so many requests to both servers together, attempts included.
        max_tokens: stop after so many tokens of prompts and replies.
    """

    max_requests: PositiveInt | None = None
    max_tokens: PositiveInt | None = None


def bridge(
    *,
    source: Flattened[SourceOptions],
    out: Path,
    vlm: Endpoint,
    reasoner: Endpoint,
    options: Flattened[RecipeOptions],
    pixels: Flattened[PixelBounds],
    budget: Flattened[BudgetOptions],
    dry_run: bool = False,
) -> None:
    """Make cold-start samples by modality bridging. The same command goes on where an earlier call was stopped.

    Args:
        source: what is asked about.
        out: folder for samples.jsonl, pictures/, dropped.jsonl, summary.json and answers/.
        vlm: the vision-language model, which writes a first attempt and a description.
        reasoner: the text reasoner, which sees the description alone.
        options: what is asked, and which replies are kept.
        pixels: how many a picture has.
        budget: how much is asked.
        dry_run: show the prompts of three samples, and ask nothing.
    """
    check_readers(source.data, source.root)
    recipe = options.recipe(pixels)
    made = Bridge(vlm, reasoner, recipe, out, Budget(budget.max_requests, budget.max_tokens))
    samples = stream_samples(source.data, source.root, source.limit)
    if dry_run:
        for text in render_prompts(samples, recipe, made.models):
            print(f"{text}\n")
        return
    output = Output(out, lambda outcome: describe_provenance(outcome.item, made.models, recipe.prompts))
    reason = _run(made, samples, output)
    endpoints = {"vlm": asdict(vlm), "reasoner": asdict(reasoner)}
    spent = {"requests": made.budget.requests, "tokens": made.budget.tokens}
    output.write_summary(endpoints | _settings(recipe, source.limit), spent)
    _show(output)
    if reason is not None:
        raise reason
    if not output.kept:
        raise UserError(f"none of the {output.dropped + output.failed} samples came through; {out} says why")
    print(out / SAMPLES)


def _settings(recipe: Recipe, limit: int | None) -> dict[str, Any]:
    return {
        "seed": recipe.seed,
        "limit": limit,
        "filters": [repr(filter) for filter in recipe.filters],
        "rewriter": repr(recipe.rewriter),
        **asdict(recipe.bounds),
        "prompts": {step: asdict(prompt) | {"sha256": prompt.sha256} for step, prompt in recipe.prompts.items()},
    }


def _run(made: Bridge, samples: Iterator[Any], output: Output) -> UserError | Interrupted | None:
    """Write what becomes of the samples; return what ended it, if not their end."""
    with (
        output,
        TerminalProgress().task("bridge") as task,
        stopping(made),
        closing(made.outcomes(samples)) as outcomes,
    ):
        try:
            for outcome in outcomes:
                output.add(outcome)
                task.add(state=_state(output, made.trouble))
        except (UserError, Interrupted) as error:
            return error
    return None


def _state(output: Output, trouble: str) -> str:
    counts = {"kept": output.kept, "dropped": output.dropped, "failed": output.failed}
    words = [f"{count:,} {name}" for name, count in counts.items() if count or name != "failed"]
    return ", ".join([*words, trouble[:80]] if trouble else words)


@contextmanager
def stopping(made: Bridge) -> Iterator[None]:
    """Let what is on its way arrive after the first Ctrl-C or SIGTERM; end the process at once after the second.

    Neither raises anything, which could break off whatever the main thread is at, queues and files included.
    """
    is_asked = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal is_asked
        if is_asked:  # as kill -9, which loses no reply that is there
            os.write(2, f"{INTERRUPTED}\n".encode())
            os._exit(128 + number)
        is_asked = True
        made.stop(Interrupted(number))
        os.write(2, b"\nrevisual bridge: waits for replies on their way; once more ends it at once\n")

    with handling_signals(stop):
        yield


def _show(output: Output) -> None:
    table = number_table("samples", "", "why")
    table.columns[2].justify = "left"
    table.add_row("kept", f"{output.kept:,}", "")
    for reason, count in output.reasons.most_common():
        if count:
            table.add_row("dropped", f"{count:,}", reason)
    if output.failed:
        table.add_row("failed", f"{output.failed:,}", "no answer; the same command asks again")
    wide_console(120).print(table, markup=False)


COMMAND = FunctionCommand(bridge, BRIDGING, GOES_ON)
