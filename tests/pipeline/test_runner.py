import json
import os
import signal
import subprocess
import sys
import time

import pytest

from revisual.pipeline.state import locked


def names(calls):
    return [(call["command"], call["name"]) for call in calls]


def until(condition, seconds=20):
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


def test_metrics_hold_what_was_measured_before_and_after_each_stage(bench):
    assert bench.run() == 0
    metrics = bench.metrics()
    first, second = metrics["stages"]
    qualities = [values["test/greedy/shapes/accuracy"] for values in (first["before"], first["after"])]
    assert qualities == [0.125, 0.375]
    assert second["before"] == first["after"]
    assert second["after"] == {"test/greedy/shapes/accuracy": 0.625, "test/greedy/all/format": 1.0}
    assert (second["name"], second["status"], second["tokens"]) == ("second", "finished", 100)
    assert second["peak_memory_mib"] == 9.0 and second["seconds"] > 0
    assert metrics["seed"] == 0 and "torch" in metrics["versions"]
    report = (bench.out / "report.html").read_text()
    assert "q0.125" in report and "q0.625" in report and "62.5%" in report and "Loss" in report


def test_a_second_call_does_nothing_again(bench):
    assert bench.run() == 0
    before = bench.metrics()
    assert bench.run() == 0
    assert bench.calls() == [] and bench.metrics() == before


def test_data_launcher_and_threads_of_ones_own_are_passed_on(bench, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    bench.config["stages"][1]["launcher"] = [sys.executable, *bench.config["launcher"][1:]]
    assert bench.run("--data", str(bench.home)) == 0
    assert {call["options"]["data.init_args.root"] for call in bench.calls()} == {str(bench.home)}
    assert {call["threads"] for call in bench.calls()} == {"3"}


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


def test_evaluations_may_wait_for_training(bench):
    bench.config["evaluate_while_training"] = False
    assert bench.run() == 0
    order = [("test", "start"), ("fit", "first"), ("test", "first"), ("fit", "second"), ("test", "second")]
    assert names(bench.calls()) == order


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


def test_a_failed_evaluation_lets_training_end_and_then_fails(bench, capsys):
    bench.behave(test_first="fail")
    assert bench.run() == 2
    captured = capsys.readouterr()
    assert "the evaluation of first: failed with exit code 1" in captured.err.splitlines()[-1]
    assert "    RuntimeError: it went wrong" in captured.err and "second: finished" in captured.err
    assert bench.metrics()["stages"][1]["before"] == {} and bench.metrics()["stages"][1]["after"]
    bench.behave()
    assert bench.run() == 0
    assert names(bench.calls()) == [("test", "first")]


def test_a_changed_evaluation_is_done_again(bench):
    assert bench.run() == 0
    (bench.home / "test.yaml").write_text("test: 2\n")
    assert bench.run() == 0
    assert [command for command, _ in names(bench.calls())] == ["test"] * 3


def test_a_second_pipeline_is_kept_out(bench, capsys):
    with locked(bench.out):
        assert bench.run() == 2
    assert "another pipeline is running there" in capsys.readouterr().err


def test_a_folder_of_someone_else_is_left_alone(bench, capsys):
    (bench.out / "01_first").mkdir(parents=True)
    (bench.out / "01_first" / "thesis.txt").write_text("long work")
    assert bench.run() == 2
    assert "not from this run" in capsys.readouterr().err and (bench.out / "01_first" / "thesis.txt").exists()


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
    errors = process.communicate()[1]
    assert process.returncode == 130 and ends(child)
    assert errors.splitlines()[-1] == "revisual pipeline: interrupted; the same command goes on from here"
    assert "Traceback" not in errors
    assert bench.metrics()["stages"][0]["status"] == "interrupted"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stages": []}, "stages: there is none"),
        ({"stages": [{"name": "a/b", "config": []}]}, "'a/b' is no name for a stage"),
        ({"stages": [{"name": "a", "config": []}] * 2}, "each name once"),
        ({"start": None}, "give either start"),
        ({"start": "/no/such"}, "start: /no/such is neither a folder nor a hub name"),
        ({"data": "/no/such"}, "data: /no/such is not a folder"),
        ({"shared": ["missing.yaml"]}, "missing.yaml"),
        ({"launcher": ["no-such-program"]}, "launcher: cannot run 'no-such-program'"),
        ({"out": "/proc/nothing"}, "cannot go on in /proc/nothing"),
        ({"stagess": 1}, "stagess"),
    ],
)
def test_a_bad_config_is_one_line(bench, capsys, change, message):
    bench.config |= change
    assert bench.run() == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1 and message in errors[0]
