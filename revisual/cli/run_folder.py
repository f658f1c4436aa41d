"""A run's folder: what it may go on from, and whether another run is in it."""

import json
from pathlib import Path

from revisual.core.checkpoint_files import find_checkpoints, newest_whole
from revisual.core.errors import UserError

RESULTS = ("metrics.json", "rollouts.jsonl", "export")
"""What a run leaves besides checkpoints and logs, which have a folder of their own each time."""


def choose_checkpoint(root: Path, newest: Path) -> Path:
    """Return the newest checkpoint, or the one before it where it is broken, which is told in one line.

    Raises:
        UserError: none is whole.
    """
    others = [path for path in find_checkpoints(root) if path != newest]
    checkpoint, broken = newest_whole([newest, *others])
    if checkpoint is None:
        raise UserError(f"{newest}: is broken, and there is no other checkpoint in {root}; delete it to begin anew")
    for path in broken:
        print(f"{path} is broken, and one before it is taken", flush=True)
    return checkpoint


def newest_last(checkpoint: Path) -> Path:
    """Return the newest of `last.ckpt`, `last-v1.ckpt`, ... beside one of them; any other checkpoint as it is.

    Lightning leaves `last.ckpt` as it is where an earlier run wrote it, and writes another one beside it.
    """
    if not checkpoint.stem.startswith("last") or not checkpoint.parent.is_dir():
        return checkpoint
    found = [path for path in find_checkpoints(checkpoint.parent, "last*.ckpt") if path.parent == checkpoint.parent]
    return found[0] if found else checkpoint


def require_unused(root: Path | None) -> None:
    """Refuse a folder that holds another run, whose files would be mixed with this one's.

    Args:
        root: the run's; none: the working directory, below which nothing is looked for.

    Raises:
        UserError: it does; names how to go on with that run, and a folder that is free.
    """
    folder = root or Path()
    checkpoints = [] if root is None else find_checkpoints(root)
    found = [name for name in RESULTS if (folder / name).exists() and not _is_measured_alone(folder / name)]
    if not found and not checkpoints:
        return
    held = ", ".join([*found, *(path.name for path in checkpoints[:1])])
    go_on = "go on with it by --ckpt_path last, or " if checkpoints else ""
    raise UserError(
        f"{folder}: holds a run already ({held}); {go_on}give this one a folder of its own: "
        f"--trainer.default_root_dir {_free(folder)}"
    )


def _is_measured_alone(path: Path) -> bool:
    """Return whether a metrics.json tells of a test and not of a fit."""
    try:
        return path.is_file() and json.loads(path.read_text(encoding="utf-8")).get("command", "fit") != "fit"
    except (ValueError, AttributeError):
        return False


def _free(folder: Path) -> Path:
    """Return the first of `out_2`, `out_3`, ... that is not there."""
    number = 2
    while (path := folder.absolute().with_name(f"{folder.absolute().name}_{number}")).exists():
        number += 1
    return folder.with_name(path.name) if folder.name else path
