"""The way in: `python3 run.py quickstart` and `python3 run.py test`.

Makes a virtual environment, .venv, beside this file, installs revisual with the versions of constraints.txt into it,
and runs. Later calls install again only where pyproject.toml or constraints.txt has changed. Needs Python 3.11.
"""

import hashlib
import os
import re
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
CONSTRAINTS = ROOT / "constraints.txt"
USAGE = """\
usage: python3 run.py quickstart [OPTION ...]   train and measure a tiny policy; options of `revisual pipeline`
       python3 run.py test [OPTION ...]         run the tests; options of pytest"""


def main(args: list[str]) -> int:
    """Install what is missing and run; return only if it cannot."""
    if sys.version_info < (3, 11):  # noqa: UP036  # this file is also read by a Python that is too old for the rest
        return fail(f"revisual needs Python 3.11 or newer; this is {sys.version.split()[0]}")
    if not args or args[0] not in ("quickstart", "test"):
        print(USAGE, file=sys.stderr if args and args[0] not in ("-h", "--help") else sys.stdout)
        return 0 if args and args[0] in ("-h", "--help") else 2
    command, options = args[0], args[1:]
    try:
        install(with_tests=command == "test")
    except (OSError, subprocess.CalledProcessError) as error:
        return fail(f"cannot install: {error}")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the policies are small: more threads only wait for each other
    if command == "test":
        os.chdir(ROOT)
        words = ["pytest", "-n", "2", *options]
    else:
        config, out = (os.path.relpath(ROOT / path) for path in ("configs/quickstart/pipeline.yaml", "out/quickstart"))
        words = ["revisual", "pipeline", "--config", config, "--out", out, *options]
    sys.stdout.flush()
    os.execv(PYTHON, [str(PYTHON), "-m", *words])


def install(with_tests: bool) -> None:
    """Make the environment as pyproject.toml and constraints.txt have it, unless it is there."""
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + CONSTRAINTS.read_bytes()).hexdigest()
    stamps = {extra: VENV / f"installed{extra}" for extra in ("", "[dev]")}
    enough = ("[dev]",) if with_tests else ("", "[dev]")
    if PYTHON.exists() and any(is_stamped(stamps[extra], wanted) for extra in enough):
        return
    began = time.monotonic()
    if not PYTHON.exists():
        say(f"making {os.path.relpath(VENV)}")
        venv.create(VENV, clear=True, with_pip=True)
    torch = re.search(r"^torch==\S+", CONSTRAINTS.read_text(encoding="utf-8"), re.MULTILINE)
    assert torch is not None
    say(f"installing {torch[0]}, the largest package")
    pip(torch[0])
    extra = "[dev]" if with_tests else ""
    say("installing revisual and the other packages")
    pip("-c", str(CONSTRAINTS), "-e", f"{ROOT}{extra}")
    stamps[extra].write_text(wanted, encoding="utf-8")
    say(f"installed in {time.monotonic() - began:.0f} s")


def pip(*words: str) -> None:
    """Install packages; on a terminal pip shows how far it is."""
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    subprocess.run([PYTHON, "-m", "pip", "install", "--disable-pip-version-check", *quiet, *words], check=True)


def is_stamped(stamp: Path, wanted: str) -> bool:
    """Return whether an installation of what is wanted came to its end."""
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted


def say(text: str) -> None:
    """Print a line at once."""
    print(f"run.py: {text}", flush=True)


def fail(text: str) -> int:
    """Print a line on stderr; return the exit status."""
    print(f"run.py: {text}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
