"""Several benchmarks in one evaluation."""

import json

import pytest
from client.chat_server import ChatServer, says

from revisual.cli.main import main
from revisual.evaluation.answers import read_answers

from .sums import SETTINGS, write_sums

TWO = [SETTINGS, SETTINGS | {"name": "more_sums"}]


def evaluate(server, data, out, benchmarks, *options):
    custom = json.dumps([{"class_path": "TableBenchmark", "init_args": settings} for settings in benchmarks])
    words = ["evaluate", "--model=tiny", f"--base_url={server.url}", f"--custom={custom}", f"--data={data}"]
    return main([*words, f"--out={out}", *options])


def benchmarks_of(out):
    named = list(json.loads((out / "metrics.json").read_text())["benchmarks"])
    assert list(dict.fromkeys(answer.benchmark for answer in read_answers(out / "results.jsonl"))) == named
    return named


def test_what_is_finished_is_written(tmp_path, capsys):
    """The budget lasts for one and a half of two benchmarks."""
    data, out = write_sums(tmp_path / "data", 10), tmp_path / "out"
    with ChatServer(lambda call: says("\\boxed{3}")) as server:
        assert evaluate(server, data, out, TWO, "--max_requests=15") == 2
        assert "what was answered is kept" in capsys.readouterr().err
        assert benchmarks_of(out) == ["sums"] and "more_sums" not in (out / "report.html").read_text()
        assert evaluate(server, data, out, TWO) == 0
        assert benchmarks_of(out) == ["sums", "more_sums"] and len(server.calls) == 20
        assert "more_sums" in (out / "report.html").read_text()


def test_missing_data_is_told_before_anything_is_asked(tmp_path, capsys):
    data, out = write_sums(tmp_path / "data", 10), tmp_path / "out"
    with ChatServer(lambda call: says("\\boxed{3}")) as server:
        assert evaluate(server, data, out, [SETTINGS, SETTINGS | {"name": "b", "jsonl": "gone.jsonl"}]) == 2
    assert "gone.jsonl" in capsys.readouterr().err and not server.calls and not out.exists()


@pytest.mark.parametrize("pictures", [1, 0])
def test_pictures_that_cannot_be_read_are_failures(pictures, tmp_path):
    data, out = write_sums(tmp_path / "data", 6), tmp_path / "out"
    if not pictures:
        (data / "red.png").write_bytes(b"no picture")
    with ChatServer(lambda call: says("\\boxed{3}")) as server:
        assert evaluate(server, data, out, [SETTINGS]) == 0
    failed = [answer for answer in read_answers(out / "results.jsonl") if answer.is_failed]
    assert [answer.item_id for answer in failed] == ([] if pictures else ["s0", "s3"])
    assert all("is not a picture" in answer.error for answer in failed)
