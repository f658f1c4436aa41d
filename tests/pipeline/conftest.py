"""A pipeline of two stages whose commands are done by `launcher.py`."""

import json
from pathlib import Path

import pytest
import yaml

from revisual.cli.main import main


class Bench:
    """A folder with configs, a start and a run."""

    def __init__(self, home):
        self.home, self.out = home, home / "out"
        for name in ("common", "first", "second", "test", "tiny"):
            (home / f"{name}.yaml").write_text(f"{name}: 1\n")
        (home / "policy").mkdir()
        (home / "policy" / "weights").write_text("0.125")
        self.behave()
        self.config = {
            "out": str(self.out),
            "launcher": ["python", str(Path(__file__).with_name("launcher.py")), str(home)],
            "start": str(home / "policy"),
            "check": False,  # of these configs, which only the launcher understands
            "shared": ["common.yaml"],
            "evaluation": ["test.yaml"],
            "stages": [{"name": "first", "config": ["first.yaml"]}, {"name": "second", "config": ["second.yaml"]}],
        }

    def behave(self, **faults):
        (self.home / "behavior.json").write_text(json.dumps({k.replace("_", " "): v for k, v in faults.items()}))

    def write(self):
        (self.home / "pipeline.yaml").write_text(yaml.safe_dump(self.config))
        (self.home / "calls.jsonl").write_text("")
        return ["pipeline", "--config", str(self.home / "pipeline.yaml")]

    def run(self, *options):
        return main([*self.write(), *options])

    def calls(self, command=None):
        calls = [json.loads(line) for line in (self.home / "calls.jsonl").read_text().splitlines()]
        return [call for call in calls if command in (None, call["command"])]

    def metrics(self):
        return json.loads((self.out / "metrics.json").read_text())


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)
