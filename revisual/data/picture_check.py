"""Pictures that cannot be decoded, found before a run and not in the middle of it."""

import json
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

from revisual.core.errors import UserError
from revisual.core.files import cache_folder, locked, write_atomically
from revisual.data.sample import Sample

THREADS = 16
"""Decoders let go of Python's lock, so that threads help."""

_log = logging.getLogger(__name__)


def drop_undecodable(samples: Sequence[Sample], what: str) -> list[Sample]:
    """Leave out the samples with a picture that cannot be decoded; they are counted in the log, with the first reason.

    Each picture is decoded once; what came of it is kept in the cache folder until its file changes, so that other
    processes of the machine and later runs only look it up.

    Args:
        samples: with pictures or without.
        what: for messages, e.g. `data.train`.

    Raises:
        UserError: none is left.
    """
    reasons = undecodable(samples)
    if reasons:
        first = reasons[min(reasons)]
        _log.warning(
            "%s: %d samples dropped, whose pictures cannot be decoded; the first: %s", what, len(reasons), first
        )
    if samples and len(reasons) == len(samples):
        raise UserError(f"{what}: no sample has pictures that can be decoded; the first: {reasons[0]}")
    return [sample for number, sample in enumerate(samples) if number not in reasons]


def undecodable(samples: Sequence[Sample]) -> dict[int, str]:
    """Return the places of samples with a picture that cannot be decoded, and why."""
    if not any(sample.images for sample in samples):
        return {}
    kept = cache_folder() / "checked" / f"{_key(samples)}.json"
    try:
        with locked(kept.with_suffix(".lock")):
            if (found := _read(kept)) is not None:
                return found
            found = _check(samples)
            write_atomically(kept, json.dumps(found))
            return found
    except OSError as error:  # of the cache folder: full, or not to be written
        _log.warning("%s: cannot be kept: %s", kept, error)
        return _check(samples)


def _check(samples: Sequence[Sample]) -> dict[int, str]:
    with ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1)) as threads:
        reasons = threads.map(_fault, samples)
        return {number: reason for number, reason in enumerate(reasons) if reason is not None}


def _fault(sample: Sample) -> str | None:
    try:
        for image in sample.images:
            image.check(sample.id)
    except UserError as error:
        return str(error)
    return None


def _key(samples: Sequence[Sample]) -> str:
    """Return a name that changes with any of the pictures."""
    total = sha256()
    for sample in samples:
        total.update(json.dumps([sample.id, *(image.fingerprint() for image in sample.images)]).encode())
    return total.hexdigest()[:32]


def _read(path: Path) -> dict[int, str] | None:
    try:
        return {int(number): str(reason) for number, reason in json.loads(path.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, AttributeError):
        return None
