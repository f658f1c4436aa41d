"""Runs parts, each in a process of its own, and keeps what they say."""

import importlib
import json
import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

IMPORTED = ["torch", "transformers", "revisual.cli.fit", "transformers.models.qwen2_5_vl.modeling_qwen2_5_vl"]
"""Once, by the process that the parts' are forked from: it would cost each of them ten seconds."""

LOOK = 90.0
"""Seconds in which the machine is looked at; with a cold disk, imports alone take half of them."""

LEAST = 5.0
"""Seconds without which no part is started."""


@dataclass
class Suite:
    """A run of the suite.

    Args:
        out: the JSON, written anew with every number.
        folder: for files that parts leave to each other.
        shares: of the time, by part, in order.
    """

    out: Path
    folder: Path
    shares: Mapping[str, float]
    result: dict[str, Any] = field(default_factory=dict)
    method: str = "forkserver"

    def run(self, seconds: float, commit: str, *, dry: bool) -> None:
        """Run all parts in the time that there is."""
        deadline = time.monotonic() + seconds
        multiprocessing.set_forkserver_preload(IMPORTED)
        self.result |= {"commit": commit, "minutes": seconds / 60, "dry": dry, "seed": 0, "parts": {}}
        found = self.measure("machine", min(deadline, time.monotonic() + LOOK), dry=dry)
        if not dry and found["status"] != "finished":
            self.method = "spawn"  # the driver does not like forks
            found = self.measure("machine", min(deadline, time.monotonic() + LOOK), dry=dry)
        if not dry and found["status"] == "finished" and "gpu" not in found["rows"][0]:
            print("no GPU is seen: a dry run", flush=True)
            dry = True
        self.result["dry"] = dry
        left = dict(self.shares)
        for part in self.shares:
            share = (deadline - time.monotonic()) * left.pop(part) / (self.shares[part] + sum(left.values()))
            self.measure(part, time.monotonic() + share, dry=dry)

    def measure(self, part: str, deadline: float, *, dry: bool) -> dict[str, Any]:
        """Run a part until it ends or its time is over; what it said is in the result in any case."""
        found: dict[str, Any] = {"status": "running", "rows": []}
        self.result["parts"][part] = found
        began = time.monotonic()
        if deadline - began < LEAST:
            found["status"] = "not started: no time was left"
        else:
            context: Any = multiprocessing.get_context(self.method)
            here, there = context.Pipe(duplex=False)
            process = context.Process(target=work, args=(part, dry, self.folder, there))
            process.start()
            there.close()
            found["status"] = self._follow(process, here, deadline, found["rows"])
        found["seconds"] = round(time.monotonic() - began, 1)
        self.save()
        print(f"{part}: {found['status']}, {found['seconds']} s, {len(found['rows'])} rows", flush=True)
        return found

    def _follow(self, process: Any, rows: Connection, deadline: float, kept: list[dict[str, Any]]) -> str:
        """Keep what a part says until it ends; end it when its time is over, or when this process is ended."""
        try:
            while (left := deadline - time.monotonic()) > 0:
                if rows.poll(min(left, 1.0)):
                    kept.append(rows.recv())
                    print(f"  {json.dumps(kept[-1])}", flush=True)
                    self.save()
            return "stopped: its time was over"
        except EOFError:
            process.join()
        finally:
            if process.is_alive():
                os.killpg(process.pid, signal.SIGKILL)
                process.join()
        if process.exitcode == 0:
            return "finished"
        return f"failed: {last_line(self.folder / f'{process.name}.log') or f'exit status {process.exitcode}'}"

    def save(self) -> None:
        """Write the JSON."""
        draft = self.out.with_suffix(".part")
        draft.write_text(json.dumps(self.result, indent=1) + "\n")
        draft.replace(self.out)


def work(part: str, dry: bool, folder: Path, rows: Connection) -> None:
    """Run a part, in its own process; what it prints goes to a log, whose last line says why it failed."""
    os.setsid()
    os.chdir(folder)
    log = os.open(folder / f"{multiprocessing.current_process().name}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    from bench import Bench, one_line

    try:
        importlib.import_module(f"parts.{part}").measure(Bench(dry, folder, rows.send))
    except BaseException as error:
        traceback.print_exc()
        print(one_line(error), file=sys.stderr, flush=True)
        os._exit(1)


def last_line(log: Path) -> str:
    """Return the last line of a log that says something."""
    lines = (
        [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()] if log.exists() else []
    )
    return lines[-1][:300] if lines else ""
