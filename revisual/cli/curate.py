"""`revisual curate`: from many sources to balanced data for the three stages."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from revisual.cli.command import GOES_ON, FunctionCommand
from revisual.cli.progress import TerminalProgress
from revisual.config.parts import CURATION
from revisual.core.errors import UserError
from revisual.core.ranges import Seed
from revisual.data_recipes.grammar.runner import Runner
from revisual.data_recipes.grammar.sources import Source
from revisual.data_recipes.grammar.step import Step
from revisual.data_recipes.grammar.steps.balance import Balance
from revisual.data_recipes.grammar.steps.collect import Collect
from revisual.data_recipes.grammar.steps.decontaminate import Decontaminate
from revisual.data_recipes.grammar.steps.deduplicate import Deduplicate
from revisual.data_recipes.grammar.steps.publish import Publish
from revisual.data_recipes.grammar.steps.topics import Topics

COLLECT, DEDUPLICATE, DECONTAMINATE, TOPICS = Collect(), Deduplicate(), Decontaminate(), Topics()
BALANCE, PUBLISH = Balance(), Publish()


def curate(
    *,
    out: Path,
    sources: list[Source],
    choose: list[str] | None = None,
    data: Path | None = None,
    collect: Step = COLLECT,
    deduplicate: Step | None = DEDUPLICATE,
    decontaminate: Step | None = DECONTAMINATE,
    prune: Step | None = None,
    difficulty: Step | None = None,
    topics: Step | None = TOPICS,
    balance: Step | None = BALANCE,
    publish: Step | None = PUBLISH,
    only: str | None = None,
    seed: Seed = 0,
) -> None:
    """Make training data of many sources: filtered, without duplicates and benchmark questions, balanced.

    Each step has a folder of its own. Called again, it goes on where it stopped; a step whose settings changed is made
    again, with those after it. A step that is null is left out.

    Args:
        out: folder for the steps' results, answers of models, and card.html.
        sources: where questions come from, in the order in which they win where they hold the same one.
        choose: only the sources of these names.
        data: folder that the readers' relative paths start from, and the benchmarks' data if decontaminate names none.
        collect: step 1, reads and filters.
        deduplicate: step 1, drops what is there twice.
        decontaminate: step 1, drops benchmarks' questions.
        prune: step 2, keeps pass rates of a model within a band.
        difficulty: step 3, gives levels by a second model.
        topics: step 4, clusters and names.
        balance: step 5, draws what the stages need.
        publish: step 6, writes the data set and its card.
        only: do this step alone, again if it is done.
        seed: of everything that is drawn.
    """
    chosen = _choose(sources, choose)
    if isinstance(collect, Collect):
        collect = replace(collect, sources=tuple(chosen), root=collect.root or data)
    if isinstance(decontaminate, Decontaminate) and decontaminate.root is None:
        decontaminate = replace(decontaminate, root=data)
    slots = {
        "collect": collect,
        "deduplicate": deduplicate,
        "decontaminate": decontaminate,
        "prune": prune,
        "difficulty": difficulty,
        "topics": topics,
        "balance": balance,
        "publish": publish,
    }
    steps = {name: step for name, step in slots.items() if step is not None}
    Runner(out, steps, seed, only, TerminalProgress()).run()
    if publish is not None and only in (None, "publish"):
        print(out / "card.html")


def _choose(sources: Sequence[Source], names: Sequence[str] | None) -> list[Source]:
    if names is None:
        return list(sources)
    known = {source.name: source for source in sources}
    for name in names:
        if name not in known:
            raise UserError(f"choose: no source {name!r}; there are: {', '.join(known)}")
    return [known[name] for name in names]


COMMAND = FunctionCommand(curate, CURATION, GOES_ON)
