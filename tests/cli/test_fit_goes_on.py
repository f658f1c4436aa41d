"""Which checkpoint `fit` goes on from, and what it says where there is none."""

import pytest
import yaml

from cli.test_fit import Bench
from revisual.cli.main import main

SAVE = {"class_path": "lightning.pytorch.callbacks.ModelCheckpoint"}


@pytest.fixture
def bench(tmp_path, policy_folder):
    bench = Bench(tmp_path, policy_folder)
    options = {"dirpath": str(tmp_path / "run"), "filename": "{step}", "every_n_train_steps": 1, "save_top_k": -1}
    saving = [SAVE | {"init_args": options}]
    assert bench.run("fit", enable_checkpointing=True, callbacks=saving) == 0
    return bench


def go_on(bench, capsys, *words):
    capsys.readouterr()
    code = main(["fit", "--config", str(bench.home / "config.yaml"), "--trainer.max_steps=3", *words])
    return code, capsys.readouterr()


def test_an_absent_checkpoint_is_one_line(bench, capsys):
    code, said = go_on(bench, capsys, f"--ckpt_path={bench.home / 'none.ckpt'}")
    (line,) = said.err.strip().splitlines()[-1:]
    assert code == 2 and line == f"revisual fit: ckpt_path: {bench.home / 'none.ckpt'}: there is no such checkpoint"


def test_a_broken_checkpoint_that_is_asked_for_is_one_line(bench, capsys):
    path = bench.home / "run" / "step=2.ckpt"
    path.write_bytes(path.read_bytes()[:-1000])
    code, said = go_on(bench, capsys, f"--ckpt_path={path}")
    assert code == 2 and f"{path}: cannot read the checkpoint" in said.err.strip().splitlines()[-1]


def test_the_one_before_a_broken_one_is_taken(bench, capsys):
    stopped = bench.home / "run" / "stopped.ckpt"
    stopped.write_bytes((bench.home / "run" / "step=2.ckpt").read_bytes()[:-1000])
    (bench.home / "run" / ".step=3.ckpt.revisual-new").write_bytes(b"half")
    code, said = go_on(bench, capsys)
    assert code == 0
    assert f"{stopped} is broken, and one before it is taken" in said.out.splitlines()
    assert f"going on from {bench.home / 'run' / 'step=2.ckpt'}" in said.out.splitlines()
    assert not (bench.home / "run" / ".step=3.ckpt.revisual-new").exists()


def test_with_none_that_is_whole_nothing_begins(bench, capsys):
    for path in (bench.home / "run").glob("*.ckpt"):
        path.unlink()
    (bench.home / "run" / "stopped.ckpt").write_bytes(b"")
    code, said = go_on(bench, capsys)
    assert code == 2 and "stopped.ckpt: is broken, and there is no other checkpoint in" in said.err


@pytest.mark.parametrize("module", ["SFTModule", "GRPOModule"])
def test_the_config_that_a_run_keeps_runs_again(tmp_path, policy_folder, capsys, module):
    """Also where it leaves to the defaults how answers are drawn."""
    bench = Bench(tmp_path, policy_folder)
    bench.model = {"sampling": {"max_new_tokens": 4, "group_size": 2}} if module == "GRPOModule" else {}
    assert bench.run("fit", module, max_steps=1, limit_val_batches=0) == 0
    kept = bench.home / "run" / "config.yaml"
    assert "Unable to serialize" not in kept.read_text()
    again = tmp_path / "again"
    assert main(["fit", "--config", str(kept), f"--trainer.default_root_dir={again}"]) == 0, capsys.readouterr().err
    first, second = (yaml.safe_load(path.read_text()) for path in (kept, again / "config.yaml"))
    assert (first["model"], first["data"]) == (second["model"], second["data"])
