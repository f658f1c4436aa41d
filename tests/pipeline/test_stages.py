import sys

import pytest


def test_data_launcher_and_threads_of_ones_own_are_passed_on(bench, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    bench.config["stages"][1]["launcher"] = [sys.executable, *bench.config["launcher"][1:]]
    assert bench.run("--data", str(bench.home)) == 0
    assert {call["options"]["data.init_args.root"] for call in bench.calls()} == {str(bench.home)}
    assert {call["threads"] for call in bench.calls()} == {"3"}


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
        ({"out": "/proc/nothing"}, "/proc/nothing: cannot be written"),
        ({"stagess": 1}, "stagess"),
    ],
)
def test_a_bad_config_is_one_line(bench, capsys, change, message):
    bench.config |= change
    assert bench.run() == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1 and message in errors[0]
