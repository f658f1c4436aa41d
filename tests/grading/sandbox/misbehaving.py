"""What a pool's workers run in its tests: does as it is told, however bad that is. Requests are [what, argument]."""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any


def warm_up() -> None:
    print("noise on stdout, which is no reply")


def answer(request: list[Any]) -> Any:
    what, argument = request
    return globals()[f"_{what}"](argument)


def _echo(value: Any) -> Any:
    return value


def _loop(_: Any) -> None:
    while True:
        pass


def _power(_: Any) -> int:
    return (3 ** (10**8)).bit_length()  # seconds in one step of the interpreter, which no signal handler interrupts


def _sleep(seconds: float) -> str:
    time.sleep(seconds)
    return "slept"


def _meet(places: list[str]) -> str:
    """Say that one is there, and wait for the other."""
    own, other = map(Path, places)
    own.touch()
    while not other.exists():
        time.sleep(0.01)
    return "met"


def _take_memory(mebibytes: int) -> int:
    return len(bytearray(mebibytes * 2**20))


def _crash(_: Any) -> None:
    ctypes.string_at(0)


def _leave(status: int) -> None:
    os._exit(status)


def _fail(message: str) -> None:
    raise ValueError(message)


def _recurse(depth: Any) -> Any:
    return _recurse(depth)


def _shout(value: Any) -> Any:
    print("noise")
    os.write(1, b"noise\n")
    return value


def _write(path: str) -> str:
    try:
        with open(path, "w", buffering=1) as file:
            file.write("written\n")
    except OSError as error:
        return type(error).__name__
    return "written"


def _process(_: Any) -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "session": os.getsid(0),
        "modules": sorted(sys.modules),
        "environment": sorted(os.environ),
        "files": sorted(os.readlink(f"/proc/self/fd/{number}").partition(":")[0] for number in _open_files()),
        "blocked": [int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, ())],
        "terminates": signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,
    }


def _open_files() -> list[str]:
    return [name for name in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{name}")]
