import json
import subprocess

import pytest

from revisual.core.folders import MARK


def names(calls):
    return [(call["command"], call["name"]) for call in calls]


def test_stages_follow_each_other_with_the_arguments_of_fit(bench, monkeypatch, capsys):
    (bench.home / "common.yaml").write_text("{model: {init_args: {a: 1}}, data: CommonData}")
    (bench.home / "first.yaml").write_text("{model: {class_path: FirstModule}, data: {class_path: FirstData}}")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert bench.run("--seed", "5") == 0
    first, second = bench.calls("fit")
    order = list(first["options"])
    assert order.index("model") < order.index("config") and order.index("data") < order.index("config")
    assert (first["name"], second["name"]) == ("first", "second")
    assert first["options"] == {
        "model": "FirstModule",
        "data": "FirstData",
        "config": [str(bench.home / "common.yaml"), str(bench.home / "first.yaml")],
        "model.init_args.policy.init_args.path": str(bench.home / "policy"),
        "trainer.default_root_dir": str(bench.out / "01_first"),
        "seed_everything": "5",
    }
    assert second["options"]["model.init_args.policy.init_args.path"] == str(bench.out / "01_first" / "export")
    assert first["threads"] == "1"
    assert [name for _, name in names(bench.calls("test"))] == ["start", "first", "second"]
    assert bench.calls("test")[2]["options"]["config"] == [str(bench.home / f"{n}.yaml") for n in ("common", "test")]
    captured = capsys.readouterr()
    assert "first: started" in captured.err and "second: finished in" in captured.err
    assert "start: measured in" in captured.err and "shapes 12.5%" in captured.err and "62.5%" in captured.out


def test_the_start_may_be_made(bench):
    del bench.config["start"]
    bench.config["prepare"] = "tiny.yaml"
    assert bench.run() == 0
    assert names(bench.calls())[0] == ("tiny", "start")
    assert bench.calls("fit")[0]["options"]["model.init_args.policy.init_args.path"] == str(bench.out / "start/export")
    assert bench.run() == 0
    assert bench.calls() == []


def test_what_makes_the_start_gets_the_data_folder(bench, capsys):
    del bench.config["start"]
    bench.config["prepare"] = "tiny.yaml"
    assert bench.run("--data", str(bench.home)) == 0
    assert bench.calls("tiny")[0]["options"]["root"] == str(bench.home)
    assert bench.run("--data", str(bench.home / "policy")) == 2
    assert "start: changed since it was trained: data;" in capsys.readouterr().err


def test_a_link_to_a_checkpoint_that_is_gone_is_no_checkpoint(bench):
    bench.behave(fit_second="fail")
    assert bench.run() == 2
    (bench.out / "02_second" / "last.ckpt").symlink_to("step=3.ckpt")
    bench.behave()
    assert bench.run() == 0
    assert "ckpt_path" not in bench.calls("fit")[0]["options"]


def test_a_link_that_a_kill_left_without_its_end_costs_no_checkpoint(bench):
    """As between the removal of the old checkpoint and the new link."""
    bench.behave(fit_second="checkpoint and fail")
    assert bench.run() == 2
    logs = bench.out / "02_second" / "logs"
    (logs / "last.ckpt").rename(logs / "step=4.ckpt")
    (logs / "last.ckpt").symlink_to("step=3.ckpt")
    bench.behave()
    assert bench.run() == 0
    assert bench.calls("fit")[0]["options"]["ckpt_path"] == str(logs / "step=4.ckpt")


def test_a_failed_stage_is_one_line_and_is_resumed_from_its_checkpoint(bench, capsys):
    bench.behave(fit_second="checkpoint and fail")
    assert bench.run() == 2
    errors = capsys.readouterr().err.splitlines()
    log = bench.out / "02_second" / "log.txt"
    assert errors[-1] == f"revisual pipeline: second: failed with exit code 1; its output is in {log}"
    assert errors[-3:-1] == ["    100% done", "    RuntimeError: it went wrong"]
    assert [stage["status"] for stage in bench.metrics()["stages"]] == ["finished", "failed"]
    bench.behave()
    assert bench.run() == 0
    (call,) = bench.calls("fit")
    assert call["name"] == "second"
    assert call["options"]["ckpt_path"] == str(bench.out / "02_second" / "logs" / "last.ckpt")


def test_a_stage_that_was_asked_to_stop_goes_on_from_what_it_saved(bench, capsys):
    bench.behave(fit_second="checkpoint and fail")
    assert bench.run() == 2
    bench.behave(fit_second="stop")
    assert bench.run() == 2
    assert "revisual pipeline: second: was asked to stop, and saved itself; the same" in capsys.readouterr().err
    bench.behave()
    assert bench.run() == 0
    assert bench.calls("fit")[-1]["options"]["ckpt_path"] == str(bench.out / "02_second" / "stopped.ckpt")


def test_a_stage_that_failed_without_a_checkpoint_begins_anew_with_whatever_config(bench):
    bench.behave(fit_second="fail")
    assert bench.run() == 2
    bench.behave()
    (bench.home / "second.yaml").write_text("second: 2\n")
    assert bench.run() == 0
    assert "ckpt_path" not in bench.calls("fit")[0]["options"]


def test_a_stage_that_exports_nothing_fails(bench, capsys):
    bench.behave(fit_first="no export")
    assert bench.run() == 2
    assert "no finished export" in capsys.readouterr().err


@pytest.mark.parametrize(("file", "text"), [("first.yaml", "first: 2"), ("common.yaml", "common: 2")])
def test_a_changed_config_is_refused_and_comments_are_no_change(bench, capsys, file, text):
    assert bench.run() == 0
    (bench.home / file).write_text(f"# said differently\n{text.replace('2', '1')}\n")
    assert bench.run() == 0 and bench.calls() == []
    (bench.home / file).write_text(text)
    assert bench.run() == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert file in line and "use another --out, or delete" in line and str(bench.out / "01_first") in line


def test_a_changed_seed_is_refused(bench, capsys):
    assert bench.run() == 0
    assert bench.run("--seed", "1") == 2
    assert "first: changed since it was trained: seed;" in capsys.readouterr().err


def test_a_deleted_stage_is_trained_again_and_a_new_result_does_not_fit_what_follows(bench, capsys):
    assert bench.run() == 0
    subprocess.run(["rm", "-r", bench.out / "01_first"], check=True)
    assert bench.run() == 0  # the same bytes came out
    assert names(bench.calls()) == [("fit", "first"), ("test", "first")]
    (bench.home / "policy" / "weights").write_text("0.25")
    subprocess.run(["rm", "-r", bench.out / "01_first"], check=True)
    assert bench.run() == 2
    assert "second: changed since it was trained: the policy that it begins from;" in capsys.readouterr().err


def test_a_tampered_export_is_found(bench, capsys):
    assert bench.run() == 0
    (bench.out / "01_first" / "export" / "weights").write_text("0.9")
    assert bench.run() == 2
    assert "weights: is not the file that was exported" in capsys.readouterr().err
    found = {"weights": "0"}
    (bench.out / "01_first" / "export" / "revisual_manifest.json").write_text(json.dumps({}) or str(found))
    assert bench.run() == 2
    assert "is not what first exported" in capsys.readouterr().err


def test_a_folder_of_someone_else_is_left_alone(bench, capsys):
    (bench.out / "01_first").mkdir(parents=True)
    (bench.out / "01_first" / "thesis.txt").write_text("long work")
    assert bench.run() == 2
    assert "holds 01_first, which this command did not write" in capsys.readouterr().err
    (bench.out / MARK).touch()
    assert bench.run() == 2
    assert "not from this run" in capsys.readouterr().err and (bench.out / "01_first" / "thesis.txt").exists()
