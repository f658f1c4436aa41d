import json

import pytest

from revisual.core.errors import UserError
from revisual.pipeline.results import read_metrics


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


def test_shares_get_intervals_where_questions_are_counted(tmp_path):
    metrics = {"test/greedy/shapes/accuracy": 0.0, "test/greedy/shapes/length": 3.0, "train/loss": 1.0}
    (tmp_path / "metrics.json").write_text(json.dumps({"metrics": metrics, "questions": {"shapes": 24}}))
    scores = read_metrics(tmp_path).scores
    assert (
        scores["test/greedy/shapes/accuracy_low"] == 0.0 and 0.137 < scores["test/greedy/shapes/accuracy_high"] < 0.139
    )
    assert set(scores) == {*list(metrics)[:2], "test/greedy/shapes/accuracy_low", "test/greedy/shapes/accuracy_high"}
    (tmp_path / "metrics.json").write_text(json.dumps({"metrics": metrics, "questions": 24}))
    with pytest.raises(UserError, match="is not what the callback MetricsFile writes"):
        read_metrics(tmp_path)
