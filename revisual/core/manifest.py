"""What an exported folder holds, by hash: how one stage's output is told to be the next one's input."""

import hashlib
import json
from pathlib import Path

from revisual.core.errors import UserError

MANIFEST = "revisual_manifest.json"


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a folder but the manifest."""
    found: dict[str, str] = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name != MANIFEST:
            with path.open("rb") as file:
                found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _listed(manifest: Path) -> dict[str, str]:
    try:
        listed = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{manifest}: is empty or broken, so this is no finished export") from error
    if not isinstance(listed, dict):
        raise UserError(f"{manifest}: is empty or broken, so this is no finished export")
    return listed


def check_export(folder: Path) -> dict[str, str]:
    """Return the hashes of an exported folder, checked against its manifest.

    Raises:
        UserError: the manifest is missing, or a file is missing or not the one that was exported.
    """
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise UserError(f"{folder}: no {MANIFEST}, so this is no finished export")
    expected, actual = _listed(manifest), hashes(folder)
    for name, value in expected.items():
        if actual.get(name) != value:
            fault = "is missing" if name not in actual else "is not the file that was exported (its hash differs)"
            raise UserError(f"{folder / name}: {fault}")
    return actual
