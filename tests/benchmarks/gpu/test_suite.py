"""A part that fails, dies or takes too long costs itself alone, and what it said before is kept."""

import json
import subprocess
import sys
from pathlib import Path

SUITE = Path(__file__).parents[3] / "benchmarks/gpu"

PARTS = {
    "machine": "bench.report('machine', process=type(current_process()).__name__)",
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
seconds, dry, *names = sys.argv[1:]
made = suite.Suite(Path("out.json").resolve(), Path("."), dict.fromkeys(names, 1))
made.run(float(seconds), "abc", dry=dry == "dry")
"""


def run(folder, seconds, *names, dry=True):
    (folder / "parts").mkdir()
    (folder / "parts/__init__.py").touch()
    for name, body in PARTS.items():
        text = f"from multiprocessing import current_process\ndef measure(bench):\n    {body}\n"
        (folder / f"parts/{name}.py").write_text(text)
    (folder / "run.py").write_text(
        f'if __name__ == "__main__":\n    {RUN.strip().replace(chr(10), chr(10) + "    ")}\n'
    )
    command = [sys.executable, "run.py", str(seconds), "dry" if dry else "", *names]
    environment = {"PYTHONPATH": f"{folder}:{SUITE}", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads((folder / "out.json").read_text())
    assert found["commit"] == "abc" and not (folder / "out.part").exists()
    return {name: (part["status"], part["rows"]) for name, part in found["parts"].items()}


def test_parts_fail_for_themselves(tmp_path):
    found = run(tmp_path, 600, "raising", "dying", "attempting", "good")
    assert found["raising"] == ("failed: ValueError: it is broken", [{"what": "before"}])
    status, rows = found["dying"]
    assert status.startswith("failed: ") and rows == [{"what": "before"}]
    rows = [{"what": "first", "failed": "ZeroDivisionError: division by zero"}, {"what": "second", "value": 2}]
    assert found["attempting"] == ("finished", rows)
    assert found["good"] == ("finished", [{"what": "one", "value": 1.235}, {"what": "two"}])


def test_time_runs_out_for_parts_and_for_all(tmp_path):
    """Both are endless: the first has half of what is left, and the second the rest."""
    found = run(tmp_path, 30, "endless", "late")
    assert found["endless"] == ("stopped: its time was over", [{"what": "before"}])
    assert found["late"] == ("finished", [{"what": "never"}])


def test_no_part_is_started_without_time(tmp_path):
    assert run(tmp_path, 1, "good")["good"] == ("not started: no time was left", [])


def test_parts_are_started_anew_where_forks_spoil_the_card(tmp_path, monkeypatch):
    """A machine that only a process of its own can look at; without a GPU it is a dry run."""
    forked = "assert type(current_process()).__name__ == 'SpawnProcess'"
    monkeypatch.setitem(PARTS, "machine", f"{forked}; bench.report('machine')")
    monkeypatch.setitem(PARTS, "good", f"{forked}; bench.report('dry', value=bench.dry)")
    found = run(tmp_path, 600, "good", dry=False)
    assert found["machine"] == ("finished", [{"what": "machine"}])
    assert found["good"] == ("finished", [{"what": "dry", "value": True}])
