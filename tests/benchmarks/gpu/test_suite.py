"""A part that fails, dies or takes too long costs itself alone, and what it said before is kept."""

import json
import subprocess
import sys
from pathlib import Path

SUITE = Path(__file__).parents[3] / "benchmarks/gpu"

PARTS = {
    "machine": "bench.report('machine')",
    "good": "bench.report('one', value=1.23456); bench.report('two')",
    "raising": "bench.report('before'); raise ValueError('it is\\n  broken')",
    "attempting": "bench.attempt('first', lambda: {'value': 1 / 0}); bench.attempt('second', lambda: {'value': 2})",
    "dying": "bench.report('before'); import os; os.abort()",
    "endless": "bench.report('before'); import time; time.sleep(600)",
    "late": "bench.report('never')",
}
RUN = """
import sys
from pathlib import Path
import suite
suite.IMPORTED[:] = ["torch"]
made = suite.Suite(Path("out.json").resolve(), Path("."), {name: 1 for name in sys.argv[3:]}, method=sys.argv[1])
made.run(float(sys.argv[2]), "abc", dry=True)
"""


def run(folder, method, seconds, *names):
    (folder / "parts").mkdir()
    (folder / "parts/__init__.py").touch()
    for name, body in PARTS.items():
        (folder / f"parts/{name}.py").write_text(f"def measure(bench):\n    {body}\n")
    (folder / "run.py").write_text(
        f'if __name__ == "__main__":\n    {RUN.strip().replace(chr(10), chr(10) + "    ")}\n'
    )
    command = [sys.executable, "run.py", method, str(seconds), *names]
    environment = {"PYTHONPATH": f"{folder}:{SUITE}", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads((folder / "out.json").read_text())
    assert found["commit"] == "abc" and not (folder / "out.part").exists()
    return {name: (part["status"], part["rows"]) for name, part in found["parts"].items()}


def test_parts_fail_for_themselves(tmp_path):
    found = run(tmp_path, "forkserver", 600, "raising", "dying", "attempting", "good")
    assert found["raising"] == ("failed: ValueError: it is broken", [{"what": "before"}])
    status, rows = found["dying"]
    assert status.startswith("failed: ") and rows == [{"what": "before"}]
    rows = [{"what": "first", "failed": "ZeroDivisionError: division by zero"}, {"what": "second", "value": 2}]
    assert found["attempting"] == ("finished", rows)
    assert found["good"] == ("finished", [{"what": "one", "value": 1.235}, {"what": "two"}])


def test_time_runs_out_for_parts_and_for_all(tmp_path):
    """Both are endless: the first has half of what is left, and the second the rest."""
    found = run(tmp_path, "forkserver", 30, "endless", "late")
    assert found["endless"] == ("stopped: its time was over", [{"what": "before"}])
    assert found["late"] == ("finished", [{"what": "never"}])


def test_no_part_is_started_without_time(tmp_path):
    assert run(tmp_path, "forkserver", 1, "good")["good"] == ("not started: no time was left", [])


def test_parts_can_be_started_anew_where_forks_spoil_the_card(tmp_path):
    assert run(tmp_path, "spawn", 600, "good")["good"][0] == "finished"
