"""What a run will write, and whether there is room for it."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from revisual.core.errors import UserError


@dataclass(frozen=True)
class Written:
    """What a run leaves on disk.

    Args:
        folder: of the run.
        names: what is written there.
        others: callbacks, of which some may write too.
        needed: bytes of its export and its checkpoints; 0 where the model is not known.
    """

    folder: Path
    names: Sequence[str]
    others: Sequence[str] = ()
    needed: int = 0

    def check(self) -> list[str]:
        """Return what is written and where, in a line or two.

        Raises:
            UserError: the folder's disk has less room.
        """
        there = next(path for path in (self.folder.absolute(), *self.folder.absolute().parents) if path.exists())
        free = shutil.disk_usage(there).free
        if free < self.needed:
            raise UserError(
                f"{self.folder}: export and checkpoints need {_size(self.needed)}, and {_size(free)} are free there"
            )
        needs = f"; needs {_size(self.needed)}, {_size(free)} are free" if self.needed else ""
        lines = [f"writes into {self.folder}: {', '.join(self.names) or 'nothing'}{needs}"]
        return [*lines, f"callbacks: {', '.join(self.others)}"] if self.others else lines


def find_written(trainer: Any, stored: int, trained: int) -> Written:
    """Return what the callbacks and loggers of a parsed config write.

    Args:
        trainer: the config's `trainer`.
        stored: bytes of the policy's weights.
        trained: the number of those that are trained, for which a checkpoint holds two more numbers of 4 bytes each.
    """
    names, others, needed = [], [], 0
    for one in _listed(trainer.callbacks):
        name, options = one.class_path.rpartition(".")[2], one.get("init_args", {})
        if name == "HFExport":
            names.append(str(options.get("folder", "export")))
            needed += stored
        elif name == "ModelCheckpoint":
            kept = max(1, options.get("save_top_k") or 0) + bool(options.get("save_last"))
            names.append(f"checkpoints ({kept} at a time)")
            needed += kept * (stored + 8 * trained) if stored else 0
        else:
            others.append(name)
    loggers = [one.class_path.rpartition(".")[2] for one in _listed(trainer.logger)]
    names += [f"logs ({', '.join(loggers)})"] if loggers else []
    return Written(Path(trainer.default_root_dir or "."), names, others, needed)


def _listed(value: Any) -> list[Any]:
    """Return the classes that a key lists; `true` and `false` name none."""
    return [one for one in (value if isinstance(value, list) else [value]) if hasattr(one, "class_path")]


def _size(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 10**8 else f"{count / 1e6:,.1f} MB"
