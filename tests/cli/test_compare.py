import json

import pytest

from revisual.cli.main import main
from revisual.evaluation.answers import ScoredAnswer, write_answers


def answers(scores, benchmark="sums"):
    """Per item the scores of its answers; None for a failure."""
    return [
        ScoredAnswer(benchmark, id, index, "", "stop", "", "", score or 0.0, None if score is not None else "timeout")
        for id, found in scores.items()
        for index, score in enumerate(found)
    ]


def test_command(tmp_path, capsys):
    write_answers(tmp_path / "a/results.jsonl", answers({str(i): [float(i < 50)] for i in range(100)}))
    write_answers(tmp_path / "b.jsonl", answers({str(i): [float(i < 60)] for i in range(100)}))
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b.jsonl"), f"--out={tmp_path / 'c.json'}"]) == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("sums", "50.0%", "60.0%", "+10.0 pp", "*"))
    (found,) = json.loads((tmp_path / "c.json").read_text())
    assert found["benchmark"] == "sums" and found["mean"] == pytest.approx(0.1)


def test_mistakes_are_one_line(tmp_path, capsys):
    assert main(["compare", str(tmp_path), str(tmp_path)]) == 2
    assert "results.jsonl: cannot be read" in capsys.readouterr().err
    assert main(["compare", str(tmp_path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
