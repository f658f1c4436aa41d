"""Checkpoints that are folders appear whole or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch.distributed.checkpoint.api import CheckpointException

from revisual.core.folders import new_beside, restore_folder, swap_folder
from revisual.models.checkpoints import not_written


@contextmanager
def replaced_together(strategy: Any, path: str | Path) -> Iterator[Path]:
    """Yield a fresh folder that all processes write into; it takes the place of `path` when all have finished.

    Raises:
        UserError: it cannot be written (full disk, no permission); what was there before is kept.
    """
    target = Path(strategy.broadcast(path))
    new = new_beside(target)
    if strategy.is_global_zero:
        restore_folder(target)
        shutil.rmtree(new, ignore_errors=True)
    strategy.barrier("before writing")
    try:
        yield new
    except (OSError, RuntimeError, CheckpointException) as error:
        failure = not_written(target, error)
        shutil.rmtree(new, ignore_errors=True)
        raise failure from error
    strategy.barrier("after writing")
    if strategy.is_global_zero:
        swap_folder(new, target)
    strategy.barrier("in place")
