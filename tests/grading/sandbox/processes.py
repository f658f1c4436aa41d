"""Which processes there are, by /proc."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

needs_proc = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="looks at processes in /proc")
TESTS = Path(__file__).parents[2]


def _state(pid):
    """State letter and parent of a process, None if there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return fields[0], int(fields[1])


def children(pid=None):
    """Processes, zombies included, that `pid` (by default this one) started."""
    wanted = os.getpid() if pid is None else pid
    found = {int(name): _state(name) for name in os.listdir("/proc") if name.isdigit()}
    return {child for child, state in found.items() if state is not None and state[1] == wanted}


def runs(pid):
    """Whether a process runs; an orphan that nobody reaps does not."""
    state = _state(pid)
    return state is not None and state[0] not in "ZX"


def all_end(pids, seconds=60.0):
    """Waits for processes to end."""
    until = time.monotonic() + seconds
    while any(runs(pid) for pid in pids):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


PRELUDE = """
import os, signal, sys, threading, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a command in the background is started without
from revisual.grading.sandbox.pool import shared_pool
from revisual.grading.sandbox.worker_process import PoolSettings
pool = shared_pool(PoolSettings("grading.sandbox.misbehaving", deadline_seconds=0.3))
pool.warm_up()
pids = sorted(worker._process.pid for worker in pool._workers)
def say(*words): print(*words, flush=True)
def pid_of_worker(pool): return pool.run([["process", None]])[0].value["pid"]
say(*pids)
"""


class Program:
    """Another Python process with a pool in it, which says its workers' process numbers in its first line."""

    def __init__(self, code):
        environment = os.environ | {"PYTHONPATH": str(TESTS)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", PRELUDE + code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,
        )
        self.workers = [int(word) for word in self.line().split()]

    def line(self):
        return self.process.stdout.readline().strip()

    def say(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.communicate()
