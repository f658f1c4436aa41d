def names(calls):
    return [(call["command"], call["name"]) for call in calls]


def test_evaluations_may_wait_for_training(bench):
    bench.config["evaluate_while_training"] = False
    assert bench.run() == 0
    order = [("test", "start"), ("fit", "first"), ("test", "first"), ("fit", "second"), ("test", "second")]
    assert names(bench.calls()) == order


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
