from revisual.core.locks import lock_folder
from revisual.pipeline.state import LOCK


def test_a_second_call_does_nothing_again(bench):
    assert bench.run() == 0
    before = bench.metrics()
    assert bench.run() == 0
    assert bench.calls() == [] and bench.metrics() == before


def test_a_second_pipeline_is_kept_out(bench, capsys):
    with lock_folder(bench.out, LOCK, "pipeline"):
        assert bench.run() == 2
    assert "another pipeline is running there" in capsys.readouterr().err
