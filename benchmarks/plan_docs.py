"""Writes the plans in docs/scaling.md anew: each block of text that follows a `revisual plan` command.

    python benchmarks/plan_docs.py [--check]

With `--check` nothing is written, and the exit status is 1 where a block differs from what its command prints.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/scaling.md"
PLAN = re.compile(r"(```bash\nrevisual (plan [^\n]+)\n```\n\n```text\n)(.*?)(```)", re.DOTALL)


def main() -> int:
    """Rewrite the page; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    old = PAGE.read_text()
    new = PLAN.sub(lambda found: f"{found[1]}{run(found[2])}{found[4]}", old)
    if not check:
        PAGE.write_text(new)
    return int(check and new != old)


def run(words: str) -> str:
    """Return what a plan's command prints, without what it says while it works."""
    command = [sys.executable, "-m", "revisual", *words.split()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if not done.stdout:
        raise SystemExit(f"revisual {words}\n{done.stderr}")
    return "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines()) + "\n"


if __name__ == "__main__":
    sys.exit(main())
