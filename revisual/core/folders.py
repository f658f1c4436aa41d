"""Output folders: replaced as a whole, and only where the project wrote what is there."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from revisual.core.errors import UserError
from revisual.core.files import sync_folder, sync_tree
from revisual.core.manifest import MANIFEST

MARK = ".revisual"
"""An empty file in folders that a command writes many things into, and may delete some of them later."""


def require_claimable(folder: Path) -> None:
    """Check that a folder is absent, empty, or was claimed before.

    Raises:
        UserError: it is a file, or holds something and no mark.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: is a file, and no folder for output")
    held = next(iter(sorted(folder.iterdir())), None) if folder.exists() else None
    if held is not None and not (folder / MARK).is_file():
        raise UserError(
            f"{folder}: holds {held.name}, which this command did not write; give a folder that is new or empty (or, "
            f"if an earlier release wrote all of it, put an empty file {MARK} into it)"
        )


def claim_folder(folder: Path) -> None:
    """Make a folder for a command's output, or take one that is empty or was claimed before.

    Raises:
        UserError: it is a file, cannot be made, or holds something and no mark.
    """
    try:
        require_claimable(folder)
        if not (folder / MARK).is_file():
            folder.mkdir(parents=True, exist_ok=True)
            (folder / MARK).touch()
            sync_folder(folder)
    except OSError as error:
        raise UserError(f"{folder}: cannot be written: {error.strerror or error}") from error


def require_replaceable(folder: Path) -> None:
    """Check that a folder may be replaced as a whole: nothing is there, or only the files that its manifest lists.

    Raises:
        UserError: something is there that no export wrote, or it is the present folder or above it.
    """
    target = folder.resolve()
    if target == Path.cwd() or target in Path.cwd().parents:
        raise UserError(f"{folder}: is the present folder or above it, and is not replaced; give another folder")
    if not target.exists():
        return
    if not target.is_dir():
        raise UserError(f"{folder}: is a file, and is not replaced by a folder")
    own = _listed(target)
    for path in sorted(target.iterdir()):
        if path.name not in own or path.is_dir():
            raise UserError(
                f"{folder}: holds {path.name}, which no export wrote, and is not replaced; give a folder that is new "
                "or empty"
            )


def _listed(folder: Path) -> set[str]:
    """Return the names of the files that an export's manifest speaks of, itself included; none without one."""
    try:
        listed = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    return {MANIFEST, *listed} if isinstance(listed, dict) else set()


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """Give a fresh folder beside `folder` that takes its place when the block ends without an error.

    Raises:
        UserError: `folder` may not be replaced, or cannot be written.
    """
    require_replaceable(folder)
    folder = folder.resolve()
    new = new_beside(folder)
    try:
        restore_folder(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        yield new
        swap_folder(new, folder)
    except OSError as error:
        restore_folder(folder)
        raise UserError(f"cannot write {folder}: {error.strerror or error}; what was there before is kept") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def give_ordinary_modes(folder: Path) -> None:
    """Let who may read the folder read its files: some libraries write theirs for their owner alone."""
    mode = folder.stat().st_mode & 0o666
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(path.stat().st_mode | mode)


def new_beside(folder: Path) -> Path:
    """Return where a folder is written that then takes the place of `folder`."""
    return folder.with_name(f".{folder.name}.revisual-new")


def _old_beside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.revisual-old")


def swap_folder(new: Path, folder: Path) -> None:
    """Put `new` in the place of `folder`, so that a power cut leaves the one or the other, whole."""
    old = _old_beside(folder)
    give_ordinary_modes(new)
    sync_tree(new)
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)  # of a run that was killed before it could
        folder.rename(old)
    new.rename(folder)
    sync_folder(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def restore_folder(folder: Path) -> None:
    """Bring back the old folder where a kill came between the two renames."""
    old = _old_beside(folder)
    if old.exists() and not folder.exists():
        old.rename(folder)


def remove_whole(path: Path) -> None:
    """Remove a file, or a folder at once under its name, so that a kill leaves no half of it there."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    gone = new_beside(path)
    shutil.rmtree(gone, ignore_errors=True)
    path.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


_LEFTOVER = re.compile(r"\.(.+)\.(revisual-new|revisual-old|[0-9a-f]{8}\.part)")


def remove_leftovers(folder: Path) -> None:
    """Remove what killed processes left half written below a folder, which nothing else may be writing to.

    Where the kill came between the two renames of a replacement, the old folder is brought back.
    """
    for path in list(folder.rglob(".*")):
        if (found := _LEFTOVER.fullmatch(path.name)) is None:
            continue
        restore_folder(path.with_name(found[1]))
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
