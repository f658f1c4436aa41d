"""Errors of the system in what the libraries of Hugging Face write with code of their own."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

_NUMBER = re.compile(r"\(os error (\d+)\)")


@contextmanager
def system_errors() -> Iterator[None]:
    """Turn what safetensors and tokenizers raise for an error of the system (a full disk, say) into an OSError."""
    try:
        yield
    except Exception as error:  # tokenizers have no class for it
        found = _NUMBER.search(str(error))
        if isinstance(error, OSError) or found is None:
            raise
        raise OSError(int(found[1]), os.strerror(int(found[1]))) from error
