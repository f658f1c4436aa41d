"""What a run says at its end, and its report."""

import json
import re

import pytest
import yaml

from cli.test_fit import Bench
from revisual.cli.main import main
from revisual.core.wilson import wilson

CSV = [{"class_path": "lightning.pytorch.loggers.CSVLogger", "init_args": {"save_dir": ".", "name": "logs"}}]


@pytest.mark.parametrize("module", ["SFTModule", "GRPOModule"])
def test_a_run_ends_with_what_was_read_measured_and_written(tmp_path, policy_folder, capsys, module):
    bench, run = Bench(tmp_path, policy_folder), tmp_path / "run"
    sampling = {"sampling": {"max_new_tokens": 4, "group_size": 2}} if module == "GRPOModule" else {}
    bench.model |= sampling
    callbacks = [{"class_path": "HFExport"}, {"class_path": "MetricsFile"}]
    options = {"num_sanity_val_steps": -1, "val_check_interval": 1, "check_val_every_n_epoch": None, "logger": CSV}
    assert bench.run("fit", module, callbacks=callbacks, enable_checkpointing=True, **options) == 0
    said = capsys.readouterr().out
    tokens = json.loads((run / "metrics.json").read_text())["tokens"]
    assert re.search(rf"^trained: 2 optimizer steps in \d+ s, {tokens:,} tokens$", said, re.MULTILINE)
    assert f"read for train: {tmp_path / 'data.jsonl'}: 4 samples, no pictures" in said
    low, high = wilson(0, 4)
    interval = f"(95 %: {100 * low:.1f}% to {100 * high:.1f}%, of 4 questions)"
    assert f"accuracy, sums, greedy: 0.0% -> 0.0% {interval}" in said
    assert ("loss on validation samples: " in said) == (module == "SFTModule")
    (checkpoint,) = re.findall(r"^checkpoint: (.*)$", said, re.MULTILINE)
    assert checkpoint.endswith("step=2.ckpt")
    assert f"export: {run / 'export'}\n" in said
    assert f'next: revisual generate --model {run / "export"} --question "..."' in said
    assert f"report: {run / 'report.html'}\n" in said
    report = (run / "report.html").read_text()
    assert "train/loss" in report or "Loss" in report
    assert "<svg" in report


def test_a_run_that_goes_on_knows_what_was_before(tmp_path, policy_folder, capsys):
    bench, run = Bench(tmp_path, policy_folder), tmp_path / "run"
    options = {"num_sanity_val_steps": -1, "val_check_interval": 1, "check_val_every_n_epoch": None}
    assert bench.run("fit", enable_checkpointing=True, **options) == 0
    (first,) = re.findall(r"loss on validation samples: (\S+) -> ", capsys.readouterr().out)
    config = yaml.safe_load((tmp_path / "config.yaml").read_text())
    config["trainer"]["max_steps"] = 3
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    assert main(["fit", "--config", str(tmp_path / "config.yaml"), "--ckpt_path", "last"]) == 0
    said = capsys.readouterr().out
    assert f"loss on validation samples: {first} -> " in said and "trained: 3 optimizer steps" in said
    assert f"next: revisual export --checkpoint {run}" in said
