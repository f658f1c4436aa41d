"""The checkpoints on disk are those of a run that was never killed."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

from revisual.core.checkpoint_files import find_checkpoints

REPLACED = "replaced_checkpoints"
"""Of a checkpoint: the older ones beside it that are removed once it is written."""


class KeptCheckpoints(Callback):
    """Removes what a killed run had no time to remove, and lets a run that goes on remove what it replaces.

    Lightning removes an old checkpoint once the new one is written, and a kill in between leaves both. Each checkpoint
    says therefore which ones it replaces, and a run that goes on from it removes these first.

    Lightning gives each start a folder of its own for checkpoints, after the logger's version, and leaves what lies in
    the one before, and the checkpoint that the run began from. A run that goes on from the newest checkpoint below its
    folder stays in that one's folder, and what it began from is replaced as any other.
    """

    def __init__(self) -> None:
        self._unplaced: list[ModelCheckpoint] = []
        self._kept: dict[ModelCheckpoint, set[str]] = {}
        self._due: list[Path] = []
        self._goes_on = False

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """See which callbacks were given no folder, before they choose one."""
        self._unplaced = [one for one in _savers(trainer) if one.dirpath is None]

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Stay in the checkpoint's folder, and see what it replaces."""
        beside = Path(str(trainer.ckpt_path)).absolute().parent
        self._due = [beside / name for name, state in _replaced_by(checkpoint) if _state_of(beside / name) == state]
        self._goes_on = trainer.strategy.broadcast(trainer.is_global_zero and _is_newest(trainer))
        if self._goes_on:
            for one in self._unplaced:
                _stay(one, checkpoint["callbacks"].get(one.state_key, {}), Path(trainer.default_root_dir).absolute())

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Remove what the checkpoint that the run goes on from replaces."""
        self._kept = {one: _kept_by(one) for one in _savers(trainer)}
        kept = {Path(path).absolute() for paths in self._kept.values() for path in paths}
        for path in self._due:
            if path not in kept:
                trainer.strategy.remove_checkpoint(path)
        self._due = []

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Say which checkpoints are removed once this one is written."""
        if self._goes_on:
            trainer.ckpt_path = None  # which Lightning would not remove
        replaced: set[str] = set()
        for one in _savers(trainer):
            kept = _kept_by(one)
            before = self._kept.get(one, set()) - kept
            replaced |= {path for path in before if one._should_remove_checkpoint(trainer, path, "")}
            self._kept[one] = kept
        checkpoint[REPLACED] = {os.path.basename(path): _state_of(path) for path in sorted(replaced)}


def _savers(trainer: Trainer) -> list[ModelCheckpoint]:
    return [one for one in trainer.checkpoint_callbacks if isinstance(one, ModelCheckpoint)]


def _kept_by(saver: ModelCheckpoint) -> set[str]:
    """Return the checkpoints that a callback will remove when others take their place."""
    kept = {*saver.best_k_models, saver.last_model_path}
    if saver.monitor is None and saver.save_top_k == 1:
        kept.add(saver.best_model_path)
    return kept - {""}


def _replaced_by(checkpoint: dict[str, Any]) -> Iterator[tuple[str, list[int]]]:
    """Yield what a checkpoint says that it replaces; one of unknown origin may name checkpoints beside it only."""
    replaced = checkpoint.get(REPLACED)
    for name, state in replaced.items() if isinstance(replaced, dict) else ():
        if name == os.path.basename(str(name)) and name.endswith(".ckpt") and state:
            yield name, state


def _is_newest(trainer: Trainer) -> bool:
    """Return whether a run begins from the newest checkpoint below its folder, if it was given one."""
    root, begun = Path(trainer.default_root_dir).absolute(), Path(str(trainer.ckpt_path)).absolute()
    if root == Path.cwd() or not begun.is_relative_to(root):
        return False
    return all(begun.stat().st_mtime >= path.stat().st_mtime for path in find_checkpoints(root))


def _stay(saver: ModelCheckpoint, state: dict[str, Any], root: Path) -> None:
    """Let a callback go on in the folder that it had, if that is below the run's."""
    before = state.get("dirpath")
    if before and Path(before).absolute().is_relative_to(root) and Path(before).is_dir():
        saver.dirpath = before


def _state_of(path: str | Path) -> list[int]:
    """Return what tells a file or folder from a later one of its name; nothing where there is none."""
    try:
        found = os.lstat(path)
    except OSError:
        return []
    return [found.st_mtime_ns, found.st_ino]
