"""A first try of a model's chat template, in a process of its own with bounds on time and memory."""

import os
import resource
import signal
import time
from contextlib import suppress
from typing import Any

from revisual.core.errors import UserError
from revisual.data.chat_rendering import MOST_CHARACTERS

CPU_SECONDS, CLOCK_SECONDS = 5, 60
MEMORY_MIB = 1024
"""Beyond what the process holds."""
TURNS = (
    [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is it?"}]}],
    [{"role": "system", "content": "Think."}, {"role": "user", "content": [{"type": "text", "text": "7 * 6?"}]}],
)
_TOO_MUCH_MEMORY, _TOO_LONG = 3, 4
_PASSED: set[str] = set()
"""Templates that were tried."""


def try_chat_template(processor: Any, path: str) -> None:
    """Render two questions where endless loops and giant texts do no harm.

    Args:
        processor: of the policy.
        path: where it was loaded from, for the message.

    Raises:
        UserError: the template takes too much time or memory, or writes too much.
    """
    key = f"{getattr(processor, 'chat_template', None)}\0{getattr(processor.tokenizer, 'chat_template', None)}"
    if key in _PASSED:
        return
    child = os.fork()
    if child == 0:
        _render_and_exit(processor)
    status = _wait(child)
    told = {
        _TOO_MUCH_MEMORY: f"takes more than {MEMORY_MIB} MiB",
        _TOO_LONG: f"writes more than {MOST_CHARACTERS:,} characters",
        -signal.SIGXCPU: f"is not done after {CPU_SECONDS} s",
        -signal.SIGKILL: f"is not done after {CLOCK_SECONDS} s",
    }
    if status in told:
        raise UserError(f"{path}: the chat template {told[status]}, for one short question")
    _PASSED.add(key)


def _render_and_exit(processor: Any) -> None:
    """End the process with a status that says how it went; what the template refuses is told when it is needed."""
    status = 0
    try:
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
        with suppress(OSError, ValueError):  # systems without such a bound
            resource.setrlimit(resource.RLIMIT_AS, (_held_bytes() + MEMORY_MIB * 2**20,) * 2)
        for turns in TURNS:
            with suppress(Exception):
                try:
                    text = processor.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
                    status = status or _TOO_LONG * (len(text) > MOST_CHARACTERS)
                except MemoryError:
                    status = _TOO_MUCH_MEMORY
    finally:
        os._exit(status)


def _wait(child: int) -> int:
    """Return the status that a process ends with, negative for a signal; it is killed when the time is up."""
    end = time.monotonic() + CLOCK_SECONDS
    pause = 0.001
    while (found := os.waitpid(child, os.WNOHANG)) == (0, 0):
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
        time.sleep(pause)
        pause = min(2 * pause, 0.1)
    return os.waitstatus_to_exitcode(found[1])


def _held_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
