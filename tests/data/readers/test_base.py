"""Several readers together, from a config, and on real data."""

from collections import Counter
from pathlib import Path

import pytest
from jsonargparse import ArgumentParser

from revisual.data.readers import HFDatasetReader, JSONLReader, ParquetReader, SampleReader, read_all

from .reading import GOOD, error_of, jsonl, parquet

SAMPLE_DATA = Path(__file__).parents[3].parent / "shared" / "data"
real_data = pytest.mark.skipif(not SAMPLE_DATA.is_dir(), reason="the sample data is not beside the repository")


def test_read_all_refuses_one_id_of_one_source_twice(tmp_path):
    one = JSONLReader(jsonl(tmp_path, GOOD, name="one.jsonl"))
    two = JSONLReader(jsonl(tmp_path, GOOD, name="two.jsonl"))
    message = error_of(lambda: read_all([one, two]))
    assert message.startswith(f"{two.path}: the id 'a' of source '' is also in {one.path}; give one of the readers")
    both = read_all([one, JSONLReader(two.path, source="two")])
    assert [(sample.source, sample.id) for sample in both] == [("", "a"), ("two", "a")]


def test_readers_are_made_from_a_config_file(tmp_path):
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--readers", type=list[SampleReader])
    name = "revisual.data.readers."
    config = {
        "readers": [
            {"class_path": name + "JSONLReader", "init_args": {"path": "a.jsonl", "columns": {"solution": "extra.s"}}},
            {"class_path": name + "ParquetReader", "init_args": {"path": "a/*.parquet", "limit": 3}},
            {"class_path": name + "HFDatasetReader", "init_args": {"name": "org/data", "source": "x"}},
        ]
    }
    readers = parser.instantiate_classes(parser.parse_object(config)).readers
    assert readers == [
        JSONLReader("a.jsonl", columns={"solution": "extra.s"}),
        ParquetReader("a/*.parquet", limit=3),
        HFDatasetReader("org/data", source="x"),
    ]


def test_relative_paths_start_from_the_root(tmp_path):
    lines, table = jsonl(tmp_path, GOOD), parquet(tmp_path, [{**GOOD, "id": "b"}])
    readers = [JSONLReader(lines.name), ParquetReader(table.name)]
    assert [sample.id for sample in read_all(readers, tmp_path)] == ["a", "b"]
    assert [sample.id for sample in read_all([JSONLReader(lines)], tmp_path / "elsewhere")] == ["a"]
    hub = HFDatasetReader("owner/name")
    assert hub.under(tmp_path) is hub


@real_data
def test_gsm8k_with_solutions():
    samples = list(JSONLReader(SAMPLE_DATA / "gsm8k/train.jsonl", columns={"solution": "extra.solution"})())
    assert len(samples) == 7473
    first = samples[0]
    assert (first.id, first.source, first.answer, first.images) == ("gsm8k_train_0", "gsm8k", "72", ())
    assert first.solution is not None and first.solution.startswith("Natalia sold 48/2 = <<48/2=24>>24 clips")


@real_data
def test_geometry3k_with_pictures():
    (*_, last) = JSONLReader(SAMPLE_DATA / "geometry3k_rendered/train.jsonl", limit=5)()
    assert last.load_images()[0].size == last.images[0].size(last.id)
    assert last.source == "Geometry3K (re-rendered)"


@real_data
def test_tabmwp_with_choices_and_solutions():
    samples = list(JSONLReader(SAMPLE_DATA / "tabmwp/dev1k.jsonl", columns={"solution": "extra.solution"})())
    assert Counter(sample.choices is None for sample in samples) == {True: 218, False: 102}
    assert samples[0].solution is not None and "$424 + $239 = $663" in samples[0].solution
    assert samples[0].load_images()[0].mode == "RGB"


@real_data
def test_all_sample_data_is_read():
    files = sorted(file for file in SAMPLE_DATA.glob("*/*.jsonl") if file.name != "all_meta.jsonl")
    assert len(read_all([JSONLReader(file) for file in files])) > 13_000
