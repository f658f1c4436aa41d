import pytest
from jsonargparse import ArgumentParser

from evaluation.answers_of import Textual, answer
from evaluation.made_layouts import write_rows
from revisual.core.errors import UserError
from revisual.evaluation.benchmark import Benchmark
from revisual.evaluation.benchmarks import GPQA, LogicVista, WeMath
from revisual.evaluation.benchmarks.table import TableBenchmark
from revisual.evaluation.presets import OFFICIAL
from revisual.evaluation.sources import Source

SUMS = {"id": "1", "question": "1 + 1?", "answer": 2, "choices": None, "images": [], "extra": {"level": 1}}


def test_a_benchmark_by_arguments_alone(tmp_path):
    write_rows(tmp_path / "sums.jsonl", [SUMS, SUMS | {"id": "2", "choices": ["2", "3"], "extra": {"level": 2}}])
    template = "Solve {question} {choices} {question}."
    sums = TableBenchmark(name="sums", jsonl="sums.jsonl", fields=["level"], template=template, cleaned={"1": "two"})
    plain, choice = sums.items(tmp_path)
    assert sums.prompt(plain, OFFICIAL) == "Solve 1 + 1?  1 + 1?."
    assert sums.prompt(choice, OFFICIAL) == "Solve 1 + 1? A. 2\nB. 3 1 + 1?."
    assert (plain.sample.answer, plain.fields) == ("two", {"level": 1, "original_gold": "2"})
    metrics = sums.metrics([answer("1", 1, **plain.fields), answer("2", 0, **choice.fields)], Textual())
    assert [figure.name for figure in metrics.figures] == ["level/1", "level/2", "original_golds/pass@1"]


def test_a_benchmark_in_yaml(tmp_path):
    write_rows(tmp_path / "sums.jsonl", [SUMS])
    entry = {"name": "sums", "jsonl": "sums.jsonl", "fields": ["level"], "columns": {}, "cleaned": {"1": "two"}}
    parser = ArgumentParser()
    parser.add_argument("--benchmarks", type=list[Benchmark])
    paths = [{"class_path": "revisual.evaluation.benchmarks.TableBenchmark", "init_args": entry}]
    paths.append({"class_path": "revisual.evaluation.benchmarks.GPQA", "init_args": {"seed": 3}})
    built = parser.instantiate_classes(parser.parse_object({"benchmarks": paths})).benchmarks
    assert (built[0], built[1].seed, built[1].name) == (TableBenchmark(**entry), 3, "gpqa")
    assert [item.sample.answer for item in built[0].items(tmp_path)] == ["two"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([SUMS, SUMS], "line 2: the id '1' is taken"),
        ([SUMS | {"question": " "}], "line 1: question is empty"),
        ([SUMS | {"answer": None}], "line 1: answer is empty"),
        ([], "no rows"),
    ],
)
def test_bad_rows_are_named(tmp_path, rows, message):
    write_rows(tmp_path / "sums.jsonl", rows)
    with pytest.raises(UserError, match=message):
        list(TableBenchmark(name="sums", jsonl="sums.jsonl").items(tmp_path))


def test_a_missing_column_is_named(tmp_path):
    write_rows(tmp_path / "wemath/testmini.jsonl", [{"ID": "1", "image_path": None, "knowledge concept": "x"}])
    with pytest.raises(UserError, match=r"line 1: no column 'option'; there are: ID, image_path, knowledge concept"):
        list(WeMath().items(tmp_path))
    write_rows(tmp_path / "logicvista/test.jsonl", [{"id": "1", "question": "?", "answer": "A"}])
    with pytest.raises(UserError, match=r"line 1: column 'image' does not exist; there are: id, question, answer"):
        list(LogicVista().items(tmp_path))


def test_missing_data_is_named(tmp_path):
    with pytest.raises(UserError, match=rf"none of these exists: {tmp_path}/gpqa/gpqa_diamond.jsonl, {tmp_path}/Id"):
        list(GPQA().items(tmp_path))
    with pytest.raises(UserError, match="no such folder"):
        list(Source(jsonl="x.jsonl").rows(tmp_path / "absent"))
