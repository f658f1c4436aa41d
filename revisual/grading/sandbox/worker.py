"""The child's side of the worker pool: answers requests that come as lines of JSON, within limits.

`worker_process.py` runs this file as a program. It imports neither torch nor the caller's main module, and leaves
nothing behind: it ends when its stdin does, can write to no file, and is ended by the system where a request takes too
much CPU time, whatever it is at, and whether or not its parent is still there.
"""

import json
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

OUT_OF_MEMORY = 3
"""Exit status where a request needed more memory than allowed."""


def main() -> None:
    """Serve a module's `answer(request)`. `sys.argv[1]` has path, module, memory_mb and deadline_seconds."""
    settings = json.loads(sys.argv[1])
    _reset_signals()
    requests, replies = _private_pipes()
    sys.path[:] = settings["path"]
    try:
        module = import_module(settings["module"])
        module.warm_up()
    except Exception as error:
        _send(replies, {"failed": " ".join(f"{type(error).__name__}: {error}".split())})
        return
    _limit(settings["memory_mb"])
    _send(replies, {"ready": True})
    for line in os.fdopen(requests, "rb"):
        for request in json.loads(line.decode("utf-8", "surrogatepass")):
            signal.setitimer(signal.ITIMER_PROF, settings["deadline_seconds"])  # its signal ends the process
            reply = _reply(module, request)
            signal.setitimer(signal.ITIMER_PROF, 0)
            _send(replies, reply)


def _reply(module: Any, request: Any) -> dict[str, Any]:
    try:
        return {"value": module.answer(request)}
    except MemoryError:
        os._exit(OUT_OF_MEMORY)  # what is left of the interpreter's state is not to be trusted
    except Exception:  # RecursionError among others; the caller learns that there is no verdict
        return {"error": "crashed"}


def _send(pipe: int, reply: dict[str, Any]) -> None:
    data = memoryview(json.dumps(reply).encode() + b"\n")
    while data:
        data = data[os.write(pipe, data) :]


def _private_pipes() -> tuple[int, int]:
    """Return the pipes under new numbers; let stdin and stdout lead nowhere: no print is taken for a reply."""
    pipes = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):
        os.dup2(nowhere, number)
    return pipes


def _reset_signals() -> None:
    """Undo the signal handling inherited from the parent; Ctrl-C is the parent's business."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM, signal.SIGPROF):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _limit(memory_mb: int) -> None:
    """Cap the memory at what is held now plus `memory_mb`, and forbid files: no core dump, no compiled module."""
    try:
        import resource
    except ImportError:  # a system without limits
        return
    with suppress(OSError, ValueError):  # macOS refuses this one
        resource.setrlimit(resource.RLIMIT_AS, (_held_bytes() + memory_mb * 2**20,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _held_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
