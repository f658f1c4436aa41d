"""What a run's folder holds already, and which checkpoint is meant."""

import os
import subprocess
import sys

import pytest

from cli.test_fit import Bench
from revisual.cli.run_folder import newest_last, require_unused
from revisual.core.errors import UserError

SAVE = {"class_path": "lightning.pytorch.callbacks.ModelCheckpoint"}


def test_a_second_run_is_refused_with_the_ways_to_go_on(tmp_path, policy_folder, capsys):
    bench = Bench(tmp_path, policy_folder)
    listed = [{"class_path": "MetricsFile"}]
    assert bench.run("fit", callbacks=listed) == 0
    before = (tmp_path / "run" / "metrics.json").read_bytes()
    capsys.readouterr()
    assert bench.run("fit", callbacks=listed) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("revisual ")]
    run = tmp_path / "run"
    assert line == (
        f"revisual fit: {run}: holds a run already (metrics.json); give this one a folder of its own: "
        f"--trainer.default_root_dir {run}_2"
    )
    assert (run / "metrics.json").read_bytes() == before


def places(launcher):
    """The variables of two processes of one run, as a launcher sets them."""
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29555"}
    if launcher == "torchrun":
        return [shared | {"RANK": str(k), "LOCAL_RANK": str(k), "WORLD_SIZE": "2"} for k in range(2)]
    shared |= {"SLURM_JOB_ID": "1", "SLURM_JOB_NAME": "a", "SLURM_NTASKS": "2", "SLURM_NNODES": "1"}
    shared |= {"SLURM_NTASKS_PER_NODE": "2", "SLURM_NODEID": "0", "SLURM_NODELIST": "localhost"}
    return [shared | {"SLURM_PROCID": str(k), "SLURM_LOCALID": str(k)} for k in range(2)]


@pytest.mark.parametrize("launcher", ["torchrun", pytest.param("SLURM", marks=pytest.mark.slow)])
def test_every_process_of_a_refused_run_ends_and_the_first_says_why(tmp_path, policy_folder, launcher):
    bench = Bench(tmp_path, policy_folder)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "metrics.json").write_text("{}")
    assert bench.run("fit") == 2  # and writes the config
    words = ["fit", f"--config={tmp_path / 'config.yaml'}", "--trainer.devices=2", "--trainer.strategy=ddp"]
    ranks = [
        subprocess.Popen(
            [sys.executable, "-m", "revisual", *words], stderr=subprocess.PIPE, text=True, env=os.environ | place
        )
        for place in places(launcher)
    ]
    first, second = (rank.communicate(timeout=300)[1] for rank in ranks)
    assert [rank.returncode for rank in ranks] == [2, 2]
    told = [[line for line in said.splitlines() if "Seed set to" not in line] for said in (first, second)]
    assert [len(lines) for lines in told] == [1, 0], told
    assert told[0][0].startswith(f"revisual fit: {tmp_path / 'run'}: holds a run already (metrics.json)")


def test_what_is_named_is_there(tmp_path):
    run = tmp_path / "run"
    require_unused(run)
    (run / "checkpoints").mkdir(parents=True)
    (tmp_path / "run_2").mkdir()
    (run / "log.txt").write_text("what a launcher wrote")
    (run / "metrics.json").write_text('{"command": "validate"}')
    require_unused(run)
    (run / "checkpoints" / "last.ckpt").touch()
    (run / "export").mkdir()
    with pytest.raises(UserError) as caught:
        require_unused(run)
    assert str(caught.value) == (
        f"{run}: holds a run already (export, last.ckpt); go on with it by --ckpt_path last, or give this one a folder "
        f"of its own: --trainer.default_root_dir {run}_3"
    )


def test_the_working_directory_holds_a_run_only_by_its_own_files(tmp_path, monkeypatch):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "last.ckpt").touch()
    monkeypatch.chdir(tmp_path)
    require_unused(None)
    (tmp_path / "rollouts.jsonl").touch()
    with pytest.raises(UserError, match=f"--trainer.default_root_dir {tmp_path}_2"):
        require_unused(None)


def test_the_newest_of_several_last_ones_is_taken(tmp_path):
    for age, name in enumerate(("step=9.ckpt", "last-v2.ckpt", "last-v1.ckpt", "last.ckpt")):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    assert newest_last(tmp_path / "last.ckpt") == newest_last(tmp_path / "last-v1.ckpt") == tmp_path / "last-v2.ckpt"
    assert newest_last(tmp_path / "step=9.ckpt") == tmp_path / "step=9.ckpt"
