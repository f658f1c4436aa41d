"""`revisual check`, and a pipeline that looks at all stages before the first one trains."""

import json
import re
from pathlib import Path

import pytest
import yaml
from conftest import picture

from revisual.cli.checking.disk import Written
from revisual.cli.main import main
from revisual.core.errors import UserError
from revisual.models.policy import PretrainedPolicy

ROWS = [
    {"question": f"What is {k} + 1?", "answer": str(k + 1), "solution": f"{k} + 1", "img": "a.png"} for k in range(30)
]


class Bench:
    """A data folder, and configs of a run and of a pipeline of two."""

    def __init__(self, home, policy_folder):
        self.home = home
        picture(56, 56).save(home / "a.png")
        (home / "data.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in ROWS))
        reader = {"class_path": "JSONLReader", "init_args": {"path": "data.jsonl", "columns": {"images": "img"}}}
        callbacks = [{"class_path": name} for name in ("HFExport", "MetricsFile", "ModelCheckpoint")]
        self.trainer = {"accelerator": "cpu", "max_steps": 7, "callbacks": callbacks}
        self.model = {"policy": {"class_path": "PretrainedPolicy", "init_args": {"path": str(policy_folder)}}}
        self.data = {"train": [reader], "batch_size": 2, "root": str(home)}
        self.reader = reader["init_args"]

    def config(self, name="run", module="SFTModule"):
        data = "SFTDataModule" if module == "SFTModule" else "PromptDataModule"
        content = {
            "trainer": {"default_root_dir": str(self.home / "run"), **self.trainer},
            "model": {"class_path": module, "init_args": self.model},
            "data": {"class_path": data, "init_args": self.data},
        }
        path = self.home / f"{name}.yaml"
        path.write_text(yaml.safe_dump(content))
        return str(path)


@pytest.fixture
def bench(tmp_path, policy_folder):
    return Bench(tmp_path, policy_folder)


def test_a_sound_run_is_told_and_nothing_is_written(bench, policy_folder, capsys):
    assert main(["check", "--config", bench.config()]) == 0
    out = capsys.readouterr().out
    loader = PretrainedPolicy(str(policy_folder))
    count = sum(each.numel() for each in loader.load(loader.load_processor()).parameters())
    assert out.startswith("fit: all is well\n")
    assert f"policy: {policy_folder}: {count:,} of {count:,} parameters are trained" in out
    assert "data.jsonl: the first 20 samples, 20 with pictures, " in out and "'What is 0 + 1?' -> '1'" in out
    assert "trains SFTModule: 7 optimizer steps of 2 samples per process; accelerator cpu" in out
    needed = (2 * 4 + 8) * count / 1e6  # an export, and a checkpoint with two moments of each weight
    assert f"writes into {bench.home / 'run'}: export, checkpoints (1 at a time), logs (" in out
    assert f"; needs {needed:,.1f} MB, " in out and "callbacks: MetricsFile" in out
    assert not (bench.home / "run").exists()


def break_file(bench):
    bench.reader["path"] = "dta.jsonl"


def break_column(bench):
    bench.reader["columns"] = {"question": "problem"}


def break_key(bench):
    bench.model["system_promt"] = "x"


def break_policy(bench):
    bench.model["policy"]["init_args"]["path"] = str(bench.home / "exprot")


def break_picture(bench):
    (bench.home / "a.png").write_bytes(b"nothing")


def break_template(bench):
    bench.data["response_template"] = "{solution}"
    bench.reader["columns"] = {"solution": "nothing"}


def break_split(bench):
    bench.data["train"] = []


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (break_file, "data.train: .*dta.jsonl: no such file"),
        (break_column, "data.train: .*line 1: column 'problem' does not exist; there are: question, answer"),
        (break_key, "system_promt"),
        (break_policy, "exprot: no such folder"),
        (break_picture, "data.train: .*a.png"),
        (break_template, "column 'nothing' does not exist"),
        (break_split, "data.train: `fit` needs samples"),
    ],
)
def test_what_is_wrong_is_one_line(bench, fault, told, capsys):
    fault(bench)
    assert main(["check", "--config", bench.config()]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("revisual check: ")]
    assert re.search(told, line), line


def test_a_disk_without_room(tmp_path):
    with pytest.raises(UserError, match=r"export and checkpoints need 1,000,000,000\.0 GB, and .* are free there"):
        Written(tmp_path / "not" / "yet", ["export"], needed=10**18).check()
    (line,) = Written(tmp_path / "not" / "yet", ["export"]).check()
    assert line == f"writes into {tmp_path / 'not' / 'yet'}: export" and not any(tmp_path.iterdir())


def write_pipeline(bench, policy_folder):
    first = bench.config("first")
    bench.model["sampling"] = {"group_sizze": 4}
    stages = [
        {"name": "first", "config": [first]},
        {"name": "second", "config": [bench.config("second", "GRPOModule")]},
    ]
    path = bench.home / "pipeline.yaml"
    path.write_text(yaml.safe_dump({"out": str(bench.home / "out"), "start": str(policy_folder), "stages": stages}))
    return ["--config", str(path)]


@pytest.mark.parametrize("command", ["check", "pipeline"])
def test_a_mistake_in_the_second_stage_is_told_before_the_first_trains(bench, policy_folder, command, capsys):
    assert main([command, *write_pipeline(bench, policy_folder)]) == 2
    told = capsys.readouterr()
    assert "second: " in told.err and "group_sizze" in told.err and "first: " not in told.err
    assert not Path(bench.home / "out").exists()
    assert command == "pipeline" or ("first: all is well" in told.out and "second: cannot run" in told.out)
