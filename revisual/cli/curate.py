"""`revisual curate`: from many sources to balanced data for the three stages."""

from dataclasses import dataclass, fields, replace
from pathlib import Path

from revisual.cli.command import GOES_ON, FunctionCommand
from revisual.cli.options import Flattened
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


@dataclass(frozen=True)
class SourceOptions:
    """What is curated.

    Args:
        sources: where questions come from, in the order in which they win where they hold the same one.
        choose: only the sources of these names.
        data: folder that the readers' relative paths start from, and the benchmarks' data if decontaminate names none.
    """

    sources: list[Source]
    choose: list[str] | None = None
    data: Path | None = None

    def chosen(self) -> tuple[Source, ...]:
        """Return the sources that are meant.

        Raises:
            UserError: there is none of a name.
        """
        if self.choose is None:
            return tuple(self.sources)
        known = {source.name: source for source in self.sources}
        for name in self.choose:
            if name not in known:
                raise UserError(f"choose: no source {name!r}; there are: {', '.join(known)}")
        return tuple(known[name] for name in self.choose)


@dataclass(frozen=True)
class StepOptions:
    """The steps, in their order; one that is null is left out.

    Args:
        collect: step 1, reads and filters.
        deduplicate: step 1, drops what is there twice.
        decontaminate: step 1, drops benchmarks' questions.
        prune: step 2, keeps pass rates of a model within a band.
        difficulty: step 3, gives levels by a second model.
        topics: step 4, clusters and names.
        balance: step 5, draws what the stages need.
        publish: step 6, writes the data set and its card.
    """

    collect: Step = COLLECT
    deduplicate: Step | None = DEDUPLICATE
    decontaminate: Step | None = DECONTAMINATE
    prune: Step | None = None
    difficulty: Step | None = None
    topics: Step | None = TOPICS
    balance: Step | None = BALANCE
    publish: Step | None = PUBLISH

    def of(self, source: SourceOptions) -> dict[str, Step]:
        """Return the steps that are not left out, by name, with the sources and their folder.

        Raises:
            UserError: a source is chosen that is not there.
        """
        steps = {each.name: getattr(self, each.name) for each in fields(self)}
        chosen = source.chosen()
        if isinstance(self.collect, Collect):
            root = self.collect.root or source.data
            steps["collect"] = replace(self.collect, sources=chosen, root=root)
        if isinstance(self.decontaminate, Decontaminate) and self.decontaminate.root is None:
            steps["decontaminate"] = replace(self.decontaminate, root=source.data)
        return {name: step for name, step in steps.items() if step is not None}


def curate(
    *,
    out: Path,
    source: Flattened[SourceOptions],
    steps: Flattened[StepOptions],
    only: str | None = None,
    seed: Seed = 0,
) -> None:
    """Make training data of many sources: filtered, without duplicates and benchmark questions, balanced.

    Each step has a folder of its own. Called again, it goes on where it stopped; a step whose settings changed is made
    again, with those after it.

    Args:
        out: folder for the steps' results, answers of models, and card.html.
        source: what is curated.
        steps: what is done.
        only: do this step alone, again if it is done.
        seed: of everything that is drawn.
    """
    Runner(out, steps.of(source), seed, only, TerminalProgress()).run()
    if steps.publish is not None and only in (None, "publish"):
        print(out / "card.html")


COMMAND = FunctionCommand(curate, CURATION, GOES_ON)
