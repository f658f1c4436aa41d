import json
import logging
from collections import Counter
from io import BytesIO
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from jsonargparse import ArgumentParser
from PIL import Image

from revisual.data.images import ImageSource
from revisual.data.readers import HFDatasetReader, JSONLReader, ParquetReader, SampleReader, read_all
from revisual.errors import UserError

SAMPLE_DATA = Path(__file__).parents[2].parent / "shared" / "data"
real_data = pytest.mark.skipif(not SAMPLE_DATA.is_dir(), reason="the sample data is not beside the repository")

GOOD = {"id": "a", "question": "What is 6 * 7?", "answer": "42"}


def png(color="red"):
    buffer = BytesIO()
    Image.new("RGB", (4, 3), color).save(buffer, "PNG")
    return buffer.getvalue()


def jsonl(folder, *rows, name="train.jsonl"):
    path = folder / name
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def parquet(folder, rows, name="train.parquet"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def error_of(call):
    with pytest.raises(UserError) as caught:
        result = call()
        list(result)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_row_without_ids_and_with_every_default(tmp_path):
    (sample,) = JSONLReader(jsonl(tmp_path, "", {"question": "What is 6 * 7?", "answer": 42}))()
    assert (sample.id, sample.question, sample.answer) == ("train:2", "What is 6 * 7?", "42")
    assert (sample.source, sample.images, sample.choices, sample.solution) == ("", (), None, None)
    assert (sample.messages, sample.extra) == (None, {})


def test_columns_of_the_same_name_are_read(tmp_path):
    row = GOOD | {"source": "s", "choices": ["42", 43.5], "solution": "6 * 7 = 42", "extra": {"level": 1}}
    (sample,) = JSONLReader(jsonl(tmp_path, row))()
    assert (sample.id, sample.source, sample.choices) == ("a", "s", ("42", "43.5"))
    assert (sample.solution, sample.extra) == ("6 * 7 = 42", {"level": 1})


def test_columns_are_mapped_and_may_be_nested(tmp_path):
    row = {"problem": "q", "gold": {"value": 7}, "a.b": "dotted", "extra": None}
    columns = {"question": "problem", "answer": "gold.value", "solution": "a.b", "source": "extra.source"}
    (sample,) = JSONLReader(jsonl(tmp_path, row), columns=columns)()
    assert (sample.question, sample.answer, sample.solution, sample.source) == ("q", "7", "dotted", "")


def test_a_fixed_source_overrides_the_column(tmp_path):
    (sample,) = JSONLReader(jsonl(tmp_path, GOOD | {"source": "column"}), source="fixed")()
    assert sample.source == "fixed"


@pytest.mark.parametrize(("value", "text"), [(42, "42"), (18.5, "18.5"), (True, "True"), (1e20, "1e+20")])
def test_numbers_become_text(tmp_path, value, text):
    (sample,) = JSONLReader(jsonl(tmp_path, {"question": "q", "answer": value, "id": 7}))()
    assert (sample.answer, sample.id) == (text, "7")


def test_one_picture_or_a_list(tmp_path):
    path = jsonl(tmp_path, GOOD | {"images": "x.png"}, GOOD | {"id": "b", "images": ["x.png", "y.png"]})
    Image.new("RGB", (4, 3)).save(tmp_path / "x.png")
    one, two = JSONLReader(path)()
    assert one.images == (ImageSource(path="x.png", root=tmp_path),)
    assert one.load_images()[0].size == (4, 3)
    assert [image.path for image in two.images] == ["x.png", "y.png"]
    assert "sample 'b': picture" in error_of(two.load_images)


def test_root_is_the_files_folder_unless_set(tmp_path):
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (4, 3)).save(tmp_path / "pictures" / "x.png")
    path = jsonl(tmp_path, GOOD | {"images": ["x.png"]})
    (sample,) = JSONLReader(path)()
    assert f"{tmp_path / 'x.png'} does not exist" in error_of(sample.load_images)
    (sample,) = JSONLReader(path, root=tmp_path / "pictures")()
    assert sample.load_images()[0].size == (4, 3)


def test_pictures_do_not_leave_the_folder(tmp_path):
    Image.new("RGB", (4, 3)).save(tmp_path / "secret.png")
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    rows = [
        GOOD | {"id": name, "images": [name]} for name in ("link.png", "../secret.png", str(tmp_path / "secret.png"))
    ]
    for sample in JSONLReader(jsonl(folder, *rows))():
        assert "outside the data folder" in error_of(sample.load_images)


@pytest.mark.parametrize(
    ("question", "images", "want"),
    [
        ("<image>\nFind x.", ["a"], "Find x."),
        ("In <image> and <image>", ["a", "b"], "In  and"),
        ("<image> Find x.", ["a", "b"], "<image> Find x."),
        ("What does <image> mean in HTML?", [], "What does <image> mean in HTML?"),
        (" no mark ", ["a"], " no mark "),
    ],
)
def test_image_marks_go_if_there_is_one_per_picture(tmp_path, question, images, want):
    (sample,) = JSONLReader(jsonl(tmp_path, GOOD | {"question": question, "images": images}))()
    assert sample.question == want


def test_messages_stand_in_for_a_question(tmp_path):
    messages = [{"role": "user", "content": [{"type": "text", "text": "q", "image": None}]}]
    (sample,) = JSONLReader(jsonl(tmp_path, {"messages": messages, "answer": "1"}))()
    assert sample.question == ""
    assert sample.messages == ({"role": "user", "content": [{"type": "text", "text": "q"}]},)


def test_limit_and_calling_again(tmp_path):
    path = jsonl(tmp_path, *(GOOD | {"id": str(i)} for i in range(3)), "broken, but behind the limit")
    reader = JSONLReader(path, limit=2)
    assert [sample.id for sample in reader()] == [sample.id for sample in reader()] == ["0", "1"]


BAD_ROWS = {
    "no answer": ({"question": "q"}, "answer is empty"),
    "null answer": ({"question": "q", "answer": None}, "answer is empty"),
    "blank answer": ({"question": "q", "answer": " "}, "answer is empty; set require_answer: false"),
    "nan answer": ({"question": "q", "answer": float("nan")}, "answer is empty"),
    "list answer": ({"question": "q", "answer": ["1"]}, "answer is of type list, not text or a number"),
    "no question": ({"answer": "1"}, "question is empty"),
    "blank question": ({"question": "\n", "answer": "1"}, "question is empty"),
    "only a picture": ({"question": "<image>", "answer": "1", "images": ["a"]}, "question is empty"),
    "text choices": (GOOD | {"choices": "A. 1;B. 2"}, "choices are of type str, not a list"),
    "null choice": (GOOD | {"choices": ["1", None]}, "a choice is empty"),
    "object choice": (GOOD | {"choices": [{"text": "1"}]}, "a choice is of type dict"),
    "number picture": (GOOD | {"images": [3]}, "a picture is of type int"),
    "empty picture": (GOOD | {"images": [""]}, "a picture is empty"),
    "text messages": (GOOD | {"messages": "hi"}, "messages are of type str, not a list"),
    "no role": (GOOD | {"messages": [{"content": "hi"}]}, "a message is not an object with a role"),
    "text extra": (GOOD | {"extra": "x"}, "extra is of type str, not an object"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_bad_row_is_named_with_file_and_line_or_row(tmp_path, case):
    row, reason = BAD_ROWS[case]
    path = jsonl(tmp_path, GOOD | {"id": "first"}, row)
    assert error_of(JSONLReader(path)).startswith(f"{path}, line 2: {reason}")
    path = parquet(tmp_path, [row])
    assert error_of(ParquetReader(path)).startswith(f"{path}, row 1: {reason}")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"question": "q"', "broken JSON at column"),
        ("[1, 2]", "is of type list, not a JSON object"),
        ("null", "is of type NoneType, not a JSON object"),
        ("[" * 200_000, "JSON cannot be read"),
        ('{"answer": ' + "9" * 5000 + "}", "JSON cannot be read"),
        ('{"question": "\\ud800", "answer": "1"}', "question holds half a surrogate pair"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, reason):
    path = jsonl(tmp_path, GOOD, line)
    assert error_of(JSONLReader(path)).startswith(f"{path}, line 2: {reason}")


def test_text_that_is_not_utf8_is_named_and_a_byte_order_mark_is_not_an_error(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b'\r\n{"question": "\xff"}\n')
    assert error_of(JSONLReader(path)) == f"{path}, line 2: not UTF-8 at byte 15"
    assert [sample.id for sample in JSONLReader(path, limit=1)()] == ["a"]


def test_a_mapped_column_that_does_not_exist_lists_those_that_do(tmp_path):
    path = jsonl(tmp_path, GOOD | {"extra": {"solution": "s", "level": 1}})
    cases = {
        "gold": "column 'gold' does not exist; there are: id, question, answer, extra",
        "extra.gold": "column 'extra.gold' does not exist; there are: extra.solution, extra.level",
        "question.gold": "column 'question.gold' does not exist: 'question' is not an object",
    }
    for column, reason in cases.items():
        assert error_of(JSONLReader(path, columns={"solution": column})) == f"{path}, line 1: {reason}"
    path = parquet(tmp_path, [GOOD])
    message = error_of(ParquetReader(path, columns={"answer": "gold"}))
    assert message == f"{path}, row 1: column 'gold' does not exist; there are: id, question, answer"


def test_an_empty_mapped_column_is_named(tmp_path):
    path = jsonl(tmp_path, GOOD | {"gold": ""})
    assert "answer (column 'gold') is empty" in error_of(JSONLReader(path, columns={"answer": "gold"}))


def test_a_duplicate_id_names_both_lines(tmp_path):
    path = jsonl(tmp_path, GOOD, GOOD | {"id": "b"}, GOOD)
    assert error_of(JSONLReader(path)) == f"{path}, line 3: the id 'a' is taken by {path}, line 1"


def test_missing_and_empty_files(tmp_path):
    missing = tmp_path / "missing.jsonl"
    assert error_of(JSONLReader(missing)) == f"{missing}: no such file"
    assert error_of(JSONLReader(tmp_path)) == f"{tmp_path}: is not a file"
    empty = jsonl(tmp_path, "", " ")
    assert error_of(JSONLReader(empty)) == f"{empty}: no rows"
    assert error_of(ParquetReader(tmp_path / "x*.parquet")) == f"{tmp_path / 'x*.parquet'}: no such file"
    assert error_of(ParquetReader(tmp_path)) == f"{tmp_path}: no .parquet file in this folder"
    none = tmp_path / "none.parquet"
    pq.write_table(pa.table({"question": pa.array([], pa.string())}), none)
    assert error_of(ParquetReader(none)) == f"{none}: no rows"


def test_wrong_settings_are_refused(tmp_path):
    path = jsonl(tmp_path, GOOD)
    assert "no field 'anser'; it has id, question, answer" in error_of(
        lambda: JSONLReader(path, columns={"anser": "x"})
    )
    assert "limit: 0" in error_of(lambda: JSONLReader(path, limit=0))


def test_bad_rows_are_skipped_counted_and_warned_of_in_one_line(tmp_path, caplog):
    path = jsonl(tmp_path, GOOD, "{", {"question": "q"}, GOOD, GOOD | {"id": "b"})
    with caplog.at_level(logging.WARNING):
        assert [sample.id for sample in JSONLReader(path, skip_invalid=True)()] == ["a", "b"]
    (record,) = caplog.records
    message = record.getMessage()
    assert message.startswith(f"{path}: skipped 3 bad rows; the first: {path}, line 2: broken JSON")
    assert "\n" not in message


def test_only_bad_rows_is_an_error_even_if_they_are_skipped(tmp_path):
    path = jsonl(tmp_path, "{", "[]")
    message = error_of(JSONLReader(path, skip_invalid=True))
    assert message.startswith(f"all 2 rows are bad; {path}, line 1: broken JSON")


def test_answers_may_be_left_out(tmp_path):
    (sample,) = JSONLReader(jsonl(tmp_path, {"question": "q"}), require_answer=False)()
    assert sample.answer == ""


def test_parquet_with_pictures_as_bytes_and_objects(tmp_path):
    Image.new("RGB", (4, 3), "blue").save(tmp_path / "x.png")
    rows = [
        GOOD | {"picture": png(), "images": [{"bytes": png(), "path": "lost.png"}]},
        GOOD | {"id": "b", "picture": png(), "images": [{"bytes": None, "path": "x.png"}]},
    ]
    path = parquet(tmp_path, rows)
    samples = list(ParquetReader(path)())
    assert [sample.load_images()[0].getpixel((0, 0)) for sample in samples] == [(255, 0, 0), (0, 0, 255)]
    samples = list(ParquetReader(path, columns={"images": "picture"})())
    assert [sample.load_images()[0].size for sample in samples] == [(4, 3), (4, 3)]


def test_parquet_in_batches_folders_and_patterns(tmp_path):
    Image.new("RGB", (4, 3)).save(tmp_path / "x.png")
    rows = [{"question": "q", "answer": i, "images": "x.png"} for i in range(70)]
    parquet(tmp_path, rows, "sub/train-0.parquet")
    parquet(tmp_path, rows[:2], "train-1.parquet")
    samples = list(ParquetReader(tmp_path)())
    assert len(samples) == 72
    assert [sample.id for sample in samples[-3:]] == ["train-0:70", "train-1:1", "train-1:2"]
    assert samples[0].load_images()[0].size == (4, 3)  # from the folder that was given
    assert [sample.answer for sample in ParquetReader(str(tmp_path / "train-*.parquet"))()] == ["0", "1"]
    assert len(list(ParquetReader(tmp_path / "**" / "*.parquet")())) == 72


def test_parquet_messages_lose_the_keys_that_arrow_fills_in(tmp_path):
    content = [{"type": "image"}, {"type": "text", "text": "q"}]
    path = parquet(tmp_path, [{"messages": [{"role": "user", "content": content}], "answer": "1"}])
    (sample,) = ParquetReader(path)()
    assert sample.messages == ({"role": "user", "content": content},)


def test_a_damaged_parquet_file_is_named(tmp_path):
    path = parquet(tmp_path, [GOOD])
    path.write_bytes(path.read_bytes()[:-20])
    assert error_of(ParquetReader(path)).startswith(f"{path}, after row 0: cannot be read as Parquet: ")


@pytest.fixture
def hf_cache(tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", cache)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_OFFLINE", True)
    datasets.disable_progress_bars()
    return cache


def pictured():
    picture = datasets.Image()
    features = {"problem": datasets.Value("string"), "answer": datasets.Value("int64")}
    features |= {"image": picture, "images": datasets.List(picture), "deep": {"picture": picture}}
    rows = [
        {
            "problem": f"<image>Find {i}.",
            "answer": i,
            "image": png(),
            "images": [png("blue")],
            "deep": {"picture": png()},
        }
        for i in range(3)
    ]
    return datasets.Dataset.from_list(rows, features=datasets.Features(features))


@pytest.mark.parametrize("column", ["image", "images", "deep.picture"])
def test_a_saved_data_set_with_pictures(tmp_path, hf_cache, column):
    folder = tmp_path / "saved"
    pictured().save_to_disk(folder)
    before = sorted(folder.rglob("*"))
    reader = HFDatasetReader(str(folder), columns={"question": "problem", "images": column}, limit=2)
    samples = list(reader())
    assert [(sample.id, sample.question, sample.answer) for sample in samples] == [
        ("saved-train:1", "Find 0.", "0"),
        ("saved-train:2", "Find 1.", "1"),
    ]
    assert samples[0].images[0].data is not None  # still encoded
    want = (0, 0, 255) if column == "images" else (255, 0, 0)
    assert samples[1].load_images()[0].getpixel((0, 0)) == want
    assert sorted(folder.rglob("*")) == before and not hf_cache.exists()  # no second copy was written


def test_a_saved_data_set_with_splits(tmp_path, hf_cache):
    folder = str(tmp_path / "saved")
    datasets.DatasetDict({"train": pictured(), "test": pictured().select([2])}).save_to_disk(folder)
    columns = {"question": "problem"}
    assert [sample.answer for sample in HFDatasetReader(folder, split="test", columns=columns)()] == ["2"]
    assert error_of(HFDatasetReader(folder, split="dev")) == f"{folder}: no split 'dev'; there are: train, test"
    assert "has no subsets" in error_of(HFDatasetReader(folder, subset="x"))
    message = error_of(HFDatasetReader(folder))
    assert message == f"{folder} (train), row 1: question is empty"


def test_a_folder_of_json_lines_through_load_dataset(tmp_path, hf_cache):
    folder = tmp_path / "lines"
    folder.mkdir()
    jsonl(folder, GOOD | {"extra": {"level": 1}}, GOOD | {"id": "b", "extra": {"topic": "x", "level": "hard"}})
    first, second = HFDatasetReader(str(folder))()
    assert first.extra["level"] == 1 and second.extra["topic"] == "x"
    assert "cannot be loaded: " in error_of(HFDatasetReader(str(folder), split="dev"))


def test_a_folder_of_picture_files_through_load_dataset(tmp_path, hf_cache):
    folder = tmp_path / "files"
    (folder / "train").mkdir(parents=True)
    (folder / "train" / "x.png").write_bytes(png())
    jsonl(folder / "train", {"file_name": "x.png", "question": "q", "answer": "1"}, name="metadata.jsonl")
    (sample,) = HFDatasetReader(str(folder), columns={"images": "image"})()
    assert sample.load_images()[0].size == (4, 3)


def test_a_missing_data_set(tmp_path, hf_cache):
    missing = str(tmp_path / "missing")
    assert error_of(HFDatasetReader(missing)) == f"{missing}: no such folder, and not a name on the hub"
    (tmp_path / "empty").mkdir()
    assert "cannot be loaded: " in error_of(HFDatasetReader(str(tmp_path / "empty")))


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


def test_relative_paths_start_from_the_root(tmp_path):
    lines, table = jsonl(tmp_path, GOOD), parquet(tmp_path, [{**GOOD, "id": "b"}])
    readers = [JSONLReader(lines.name), ParquetReader(table.name)]
    assert [sample.id for sample in read_all(readers, tmp_path)] == ["a", "b"]
    assert [sample.id for sample in read_all([JSONLReader(lines)], tmp_path / "elsewhere")] == ["a"]
    hub = HFDatasetReader("owner/name")
    assert hub.under(tmp_path) is hub


def test_part_of_a_solution_is_cut_out(tmp_path):
    path = jsonl(tmp_path, {**GOOD, "solution": "6 * 7 = <<6*7=42>>42"}, {**GOOD, "id": "b"})
    first, second = JSONLReader(path, solution_without="<<[^>]*>>")()
    assert (first.solution, second.solution) == ("6 * 7 = 42", None)


def test_broken_regular_expression_is_told():
    with pytest.raises(UserError, match="solution_without"):
        JSONLReader("a.jsonl", solution_without="<<(")
