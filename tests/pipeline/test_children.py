import os
import signal
import subprocess
import sys
import time

import pytest


def until(condition, seconds=300):
    for _ in range(seconds * 20):
        if condition():
            return True
        time.sleep(0.05)
    return False


def ends(process_id):
    """Whether a process is gone, or waits only to be noticed."""
    try:
        with open(f"/proc/{process_id}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def hanging(bench):
    bench.behave(fit_first="hang")
    process = subprocess.Popen([sys.executable, "-m", "revisual", *bench.write()], stderr=subprocess.PIPE, text=True)
    assert until((bench.home / "pid").exists)
    assert until(lambda: (bench.home / "pid").read_text())
    return process, int((bench.home / "pid").read_text())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel of Linux alone ends children")
def test_no_child_outlives_a_killed_pipeline(bench):
    process, child = hanging(bench)
    assert not ends(child)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert until(lambda: ends(child))
    bench.behave()
    assert bench.run() == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_an_interrupted_pipeline_ends_its_children_and_says_so(bench):
    process, child = hanging(bench)
    os.kill(process.pid, signal.SIGINT)
    errors = process.communicate(timeout=120)[1]
    assert process.returncode == 130 and ends(child)
    assert errors.splitlines()[-1] == "revisual pipeline: interrupted; the same command goes on from here"
    assert "Traceback" not in errors
    assert bench.metrics()["stages"][0]["status"] == "interrupted"
