"""Whatever cannot be written for want of room is one line with the file, and what was there before stays."""

import json

import pytest
from cli.test_fit import Bench

from revisual.cli.main import main

from .full_disks import largest_file, leftovers

SAVE = {"class_path": "lightning.pytorch.callbacks.ModelCheckpoint", "init_args": {"every_n_train_steps": 1}}


@pytest.fixture
def bench(tmp_path, policy_folder):
    bench = Bench(tmp_path, policy_folder)
    bench.model = {"eval_sampling": {"max_new_tokens": 4}, "sampling": {"max_new_tokens": 4, "group_size": 2}}
    return bench


def logger(bench):
    options = {"save_dir": str(bench.home / "run"), "name": "logs", "version": 0}
    return {"class_path": "lightning.pytorch.loggers.CSVLogger", "init_args": options}


def last_line(capsys):
    error = capsys.readouterr().err
    assert "Traceback" not in error
    return error.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("command", "file", "callback"),
    [("fit", "mine.jsonl", "RolloutLog"), ("predict", "responses.jsonl", "ResponseLog"), ("fit", "logs", None)],
)
def test_a_file_that_a_run_adds_to(bench, capsys, command, file, callback):
    """`/dev/full` is a disk without room."""
    path = bench.home / "run" / ("logs/version_0/metrics.csv" if file == "logs" else file)
    path.parent.mkdir(parents=True)
    path.symlink_to("/dev/full")
    callbacks = [{"class_path": callback, "init_args": {"file": file}}]
    options = {"callbacks": callbacks} if callback else {"logger": logger(bench)}
    assert bench.run(command, "GRPOModule", **options) == 2
    told = path if callback else bench.home / "run"
    assert last_line(capsys) == f"revisual {command}: {told}: cannot be written: No space left on device"


@pytest.mark.parametrize(
    "size", [20_000, *(pytest.param(size, marks=pytest.mark.slow) for size in (3000, 5000, 50_000, 250_000))]
)
def test_a_run_ends_in_a_line_and_goes_on_when_there_is_room(bench, capsys, size):
    """Config, log, checkpoint, metrics and export, whichever first finds no room."""
    names = ("RolloutLog", "MetricsFile", "HFExport")
    options = {"callbacks": [*({"class_path": name} for name in names), SAVE], "logger": logger(bench)}
    assert bench.run("fit", "GRPOModule", enable_checkpointing=True, **options) == 0  # and writes the config
    words = ["fit", "--config", str(bench.home / "config.yaml"), f"--trainer.default_root_dir={bench.home / 'full'}"]
    words.append(f"--trainer.logger.init_args.save_dir={bench.home / 'full'}")
    capsys.readouterr()
    with largest_file(size):
        assert main(words) == 2
    assert "cannot" in last_line(capsys)
    if main(words) == 2:  # before its first checkpoint: it begins anew, in a folder of its own
        assert "holds a run already" in last_line(capsys)
        assert main([*words[:3], f"--trainer.default_root_dir={bench.home / 'new'}", words[-1]]) == 0
    assert not leftovers(bench.home / "full")


@pytest.mark.parametrize("size", [100, 3000, 100_000])
def test_tiny_leaves_the_policy_before_it(bench, capsys, size):
    out = bench.home / "tiny"
    data = f'[{{"class_path": "JSONLReader", "init_args": {{"path": "{bench.home / "data.jsonl"}"}}}}]'
    words = ["tiny", f"--out={out}", f"--data={data}"]
    assert main(words) == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    with largest_file(size):
        assert main([*words, "--seed=1"]) == 2
    assert f"cannot write {out}: " in last_line(capsys)
    assert before == {path.name: path.read_bytes() for path in out.iterdir()} and not leftovers(bench.home)


def test_grade_leaves_the_grades_before_it(tmp_path, capsys):
    cases, out = tmp_path / "cases.jsonl", tmp_path / "graded.jsonl"
    cases.write_text("".join(json.dumps({"response": "\\boxed{4}", "answer": "4"}) + "\n" for _ in range(50)))
    out.write_text("before")
    with largest_file(200):
        assert main(["grade", str(cases), f"--out={out}"]) == 2
    assert last_line(capsys) == f"revisual grade: {out}: cannot be written: File too large"
    assert out.read_text() == "before" and not leftovers(tmp_path)
