"""Trainers as child processes that take one step when they are told to, and what a table of them needs."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ONE_THREAD = {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}


class Worker:
    """A child that waits for a line before each step, and then answers with one line of JSON."""

    def __init__(self, command: Sequence[str]) -> None:
        environment = {**os.environ, **ONE_THREAD}
        self.log = Path(command[1]).stem
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            stderr=subprocess.DEVNULL,
        )

    def step(self) -> dict[str, float]:
        """One step; what the child measured."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("STEP "):
                return json.loads(line.removeprefix("STEP "))
        raise SystemExit(f"{self.log} ended with status {self.process.wait()} before its step")

    def close(self) -> None:
        """Lets the child end, and waits for it: the other then has the machine for itself."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def take_turns(title: str, workers: Mapping[str, Worker], steps: int) -> dict[str, list[dict[str, float]]]:
    """What each worker measured, step after step, the workers one after the other at each."""
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in workers}
    for step in range(steps):
        for name, worker in workers.items():
            taken[name].append(worker.step())
            print(f"{title}, step {step}, {name}: {taken[name][-1]['seconds']:.2f} s", file=sys.stderr, flush=True)
    for worker in workers.values():
        worker.close()
    return taken


class Turns:
    """The child's side: waits for its turn, and reports each step."""

    def __init__(self) -> None:
        self.started = 0.0

    def begin(self) -> None:
        """Returns when it is this child's turn."""
        if not sys.stdin.readline():
            sys.exit(0)
        self.started = time.perf_counter()

    def end(self, **measured: float) -> None:
        """Reports the step's seconds and the process's peak memory so far."""
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        measured |= {"seconds": time.perf_counter() - self.started, "peak_mib": peak}
        print("STEP " + json.dumps(measured), flush=True)


def commit() -> str:
    """Return the checkout's commit, with a + where files differ from it."""
    words = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    return subprocess.run(words, cwd=Path(__file__).parent, capture_output=True, text=True, check=True).stdout.strip()


def machine() -> str:
    """The processor's name, and how many there are."""
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return f"{names[0].partition(': ')[2] if names else platform.processor()}, {os.cpu_count()} cores, one thread used"


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows in Markdown."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(str(row.get(name, "")) for name in columns) + " |" for row in rows)])
