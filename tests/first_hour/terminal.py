"""A terminal: command lines as a person types them, each a process of its own, and what they print."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

STYLE = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Printed:
    """What a command printed, without colours."""

    out: str
    err: str

    @property
    def all(self):
        return self.out + self.err

    def line(self, start):
        """The one line of stdout that begins so."""
        (found,) = [line for line in self.out.splitlines() if line.startswith(start)]
        return found


@dataclass
class Terminal:
    """Bash in a folder, with the installation's commands on its path and no hub in reach."""

    folder: Path
    variables: dict = field(default_factory=dict)

    def cd(self, name):
        return Terminal(self.folder / name, self.variables)

    def copy(self, folder):
        """A terminal in a copy of the folder."""
        return Terminal(Path(shutil.copytree(self.folder, folder)), dict(self.variables))

    def run(self, command, status=0, seconds=300):
        """Run a command line, which must end with a status; what it prints is shown where it does not."""
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self._environment(), capture_output=True, text=True,
            timeout=seconds, check=False,
        )  # fmt: skip
        printed = Printed(STYLE.sub("", done.stdout), STYLE.sub("", done.stderr))
        assert done.returncode == status, f"{command}\n{printed.out[-3000:]}\n{printed.err[-3000:]}"
        return printed

    def refuse(self, command, *said, status=2):
        """Run a command line that is wrong: one short line tells it, without a traceback, and names all of `said`."""
        printed = self.run(command, status)
        *_, told = printed.err.splitlines()
        assert told.startswith(("revisual ", "revisual: ")) and len(told) < 320 and "Traceback" not in printed.all, (
            printed.err[-2000:]
        )
        assert all(words in told for words in said), told
        return told

    def interrupt(self, command, when, status=130, seconds=200):
        """Run a command line and press Ctrl-C as soon as `when` is true of what it has printed; return all of that."""
        output = self.folder / "output.txt"
        with output.open("w") as file, subprocess.Popen(
            ["bash", "-c", f"exec {command}"], cwd=self.folder, env=self._environment(), stdout=file,
            stderr=subprocess.STDOUT, start_new_session=True,
        ) as process:  # fmt: skip
            end = time.monotonic() + seconds
            while not when(output.read_text()) and process.poll() is None and time.monotonic() < end:
                time.sleep(0.05)
            assert process.poll() is None, output.read_text()[-3000:]
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all that it runs in the foreground
            assert process.wait(seconds) == status, output.read_text()[-3000:]
        return STYLE.sub("", output.read_text())

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def read(self, name):
        return (self.folder / name).read_text()

    def _environment(self):
        scripts = Path(sys.executable).parent
        own = {"PATH": f"{scripts}:{os.environ['PATH']}", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
        own |= {"CUDA_VISIBLE_DEVICES": ""}  # what is typed here is for a CPU
        return {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | own | self.variables
