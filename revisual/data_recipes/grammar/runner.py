"""Runs the steps that are not done, each in a folder of its own."""

import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from revisual.core.errors import UserError
from revisual.core.files import write_atomically
from revisual.core.folders import remove_leftovers
from revisual.core.locks import lock_folder
from revisual.core.progress import Progress, Silent
from revisual.data_recipes.grammar.drops import FILE as DROPPED
from revisual.data_recipes.grammar.drops import DropLog
from revisual.data_recipes.grammar.fingerprint import changes, describe, digest
from revisual.data_recipes.grammar.items import EMPTY, Items
from revisual.data_recipes.grammar.step import Outcome, Step, Work
from revisual.data_recipes.grammar.store import SampleStore

ITEMS, SUMMARY, SETTINGS = "items.parquet", "summary.json", "settings.json"
CURATION = "curation.json"
"""The seed and the settings of all steps."""
JOURNALS, CACHE, LOCK = "answers", "cache", ".lock"


class Runner:
    """One curation: named steps in their order, and the folder of their results.

    Args:
        out: the folder.
        steps: by the names of their folders.
        seed: of everything that is drawn.
        only: do this step alone, again if it is done; those before it must be.
        progress: where it tells how far it is.
    """

    def __init__(
        self,
        out: Path,
        steps: Mapping[str, Step],
        seed: int = 0,
        only: str | None = None,
        progress: Progress = Silent(),  # noqa: B008  # has no state
    ) -> None:
        if only is not None and only not in steps:
            raise UserError(f"only: no step {only!r} is set; there are: {', '.join(steps)}")
        self.out, self.steps, self.seed, self.only, self.progress = out, steps, seed, only, progress

    def run(self) -> dict[str, dict[str, Any]]:
        """Do what is left to do.

        Returns:
            The steps' summaries, by their names.

        Raises:
            UserError: a step cannot go on, or the folder cannot be written; what is finished is kept.
        """
        try:
            with lock_folder(self.out, LOCK, "curation"):
                remove_leftovers(self.out)
                return self._run()
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            raise UserError(
                f"{self.out}: cannot go on: {where}{error.strerror or ' '.join(str(error).split())}; what is finished "
                "is kept, and the same command goes on from there"
            ) from error

    def _run(self) -> dict[str, dict[str, Any]]:
        for name, step in self.steps.items():
            if self.only in (None, name) and not (self.out / name / SUMMARY).is_file():
                step.require()
        if self.only is None:
            described = {name: describe(step) for name, step in self.steps.items()}
            content = json.dumps({"seed": self.seed, "steps": described}, indent=2, ensure_ascii=False)
            write_atomically(self.out / CURATION, content + "\n")
        summaries: dict[str, dict[str, Any]] = {}
        items, before = EMPTY, digest(self.seed)
        for name, step in self.steps.items():
            folder = self.out / name
            settings = {"step": describe(step), "before": before}
            before = digest(settings)
            if self._is_finished(folder, settings) and name != self.only:
                self.progress.say(f"{name}: finished before")
            elif self.only not in (None, name):
                raise UserError(f"{name}: is not finished with these settings, and so {self.only} cannot be done alone")
            else:
                self._do(name, step, settings, items, summaries)
            items = Items.read(folder / ITEMS)
            summaries[name] = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
            if name == self.only:
                break
        return summaries

    def _is_finished(self, folder: Path, settings: Mapping[str, Any]) -> bool:
        return (folder / SUMMARY).is_file() and (folder / ITEMS).is_file() and _settings(folder) == settings

    def _do(
        self,
        name: str,
        step: Step,
        settings: Mapping[str, Any],
        items: Items,
        summaries: Mapping[str, Mapping[str, Any]],
    ) -> None:
        folder = self.out / name
        self._clear(name, folder, settings)
        write_atomically(folder / SETTINGS, json.dumps(settings, indent=2) + "\n")
        drops, began = DropLog(), time.monotonic()
        work = Work(
            folder, items, SampleStore(self.out / "collect" / "samples"), drops, self.out / JOURNALS, self.out / CACHE,
            str(settings["before"]), self.seed, summaries, self.progress,
        )  # fmt: skip
        self.progress.say(f"{name}: started{f', {len(items):,} samples' if len(items) else ''}")
        outcome = step.run(work)
        drops.write(folder / DROPPED)
        outcome.items.write(folder / ITEMS)
        summary = _summary(items, outcome, drops, time.monotonic() - began)
        write_atomically(folder / SUMMARY, json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
        self.progress.say(
            f"{name}: {summary['after']:,} of {summary['before']:,} samples kept, in {summary['seconds']:.0f} s"
        )

    def _clear(self, name: str, folder: Path, settings: Mapping[str, Any]) -> None:
        """Leave what an interrupted call with the same settings did, and nothing else."""
        if not folder.exists():
            return
        known = _settings(folder)
        if known is None and any(folder.iterdir()):
            raise UserError(f"{folder}: is there already, and not from a curation; delete it or use another out")
        if known != settings or (folder / SUMMARY).is_file():
            if known is not None and known != settings:
                what = [one for one in changes(known, settings) if one != "before"] or ["a step before it"]
                self.progress.say(f"{name}: made again, as this changed: {', '.join(what)}")
            shutil.rmtree(folder)


def _settings(folder: Path) -> Any:
    path = folder / SETTINGS
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    except ValueError as error:
        raise UserError(f"{path}: is not what a curation wrote; delete {folder}") from error


def _summary(before: Items, outcome: Outcome, drops: DropLog, seconds: float) -> dict[str, Any]:
    dropped = {reason: dict(counts) for reason, counts in drops.counts.items()}
    fallen = sum(sum(counts.values()) for counts in dropped.values())
    return {
        "before": len(before) or len(outcome.items) + fallen,
        "after": len(outcome.items),
        "after_by_source": outcome.items.counts("source"),
        "dropped": dropped,
        "notes": dict(outcome.notes),
        "seconds": round(seconds, 2),
    }
