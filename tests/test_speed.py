"""revisual's sides of the speed measurements take their steps, and say what was measured of each."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
FOLDER = Path(__file__).parents[1] / "benchmarks/speed"


def run(script, settings):
    words = [sys.executable, FOLDER / script, json.dumps(settings)]
    done = subprocess.run(words, input="\n" * 9, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line[5:]) for line in done.stdout.splitlines() if line.startswith("STEP ")]


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    given = {"folder": str(tmp_path_factory.mktemp("speed")), "steps": 2, "vision_depth": 2, "pictures": [56]}
    given |= {"prompts": 2, "group": 2, "new_tokens": 3, "batch": 2}
    run("data.py", given)
    row = {"question": "What is 1 + 1?", "answer": "2", "solution": "1 + 1 = 2"}
    lines = [json.dumps({"id": str(number), **row}) for number in range(4)]
    (Path(given["folder"]) / "texts.jsonl").write_text("\n".join(lines))
    return given


@pytest.mark.parametrize(("script", "name"), [("ours_grpo.py", "rollout_seconds"), ("ours_sft.py", "tokens")])
def test_each_step_is_measured(settings, script, name):
    steps = run(script, settings)
    assert len(steps) == 2 and all(step[name] > 0 and step.keys() == {name, "seconds", "peak_mib"} for step in steps)
