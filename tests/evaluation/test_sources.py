"""Benchmarks read from the hub's layout, from JSONL, and refused where neither is there."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from datasets import Dataset, Features, Image, Sequence, Value
from jsonargparse import ArgumentParser
from PIL import Image as Pictures

from evaluation.answers_of import Textual, answer
from revisual.core.errors import UserError
from revisual.evaluation.benchmark import Benchmark
from revisual.evaluation.benchmarks import (
    GPQA,
    MMMU,
    DynaMath,
    LogicVista,
    MathVerse,
    MathVision,
    MMMath,
    WeMath,
)
from revisual.evaluation.benchmarks.table import TableBenchmark
from revisual.evaluation.presets import OFFICIAL, VISION_R1
from revisual.evaluation.selection import shipped_benchmarks
from revisual.evaluation.sources import Source


def picture(colour):
    return Pictures.new("RGB", (8, 6), colour)


def on_hub(folder, split, rows, **features):
    """A folder as a snapshot of the hub has it."""
    columns = {name: features.get(name, Value("string")) for name in rows[0]}
    (folder / "data").mkdir(parents=True, exist_ok=True)
    Dataset.from_list(rows, Features(columns)).to_parquet(folder / f"data/{split}-00000-of-00001.parquet")


def lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path_factory.mktemp("cache"))


VISION = {"id": "7", "question": "Which?\n<image1>", "answer": "B", "solution": None, "image": "images/7.jpg"}


def test_mathvision_in_the_layout_of_the_hub(tmp_path):
    features = {"decoded_image": Image(), "options": Sequence(Value("string")), "level": Value("int64")}
    row = VISION | {"decoded_image": picture("red"), "options": ["12", "15"], "level": 3, "subject": "algebra"}
    on_hub(tmp_path / "MathLLMs/MathVision", "test", [row], **features)
    (item,) = MathVision().items(tmp_path)
    assert (item.sample.id, item.sample.answer, item.sample.choices) == ("7", "B", ("A. 12", "B. 15"))
    assert (item.fields, item.sample.source) == ({"level": 3, "subject": "algebra"}, "mathvision")
    assert item.sample.load_images()[0].getpixel((0, 0)) == (255, 0, 0)
    assert MathVision().prompt(item, OFFICIAL).endswith('in the "\\boxed{}".\nWhich?\n<image1>\n(A) 12\n(B) 15\n')
    assert MathVision().prompt(item, VISION_R1).endswith(f"(A) 12\n(B) 15\n{VISION_R1.suffix}")


DRAWN = VISION | {"choices": list("ABCDE"), "images": [], "level": 1, "subject": "x"}


def test_mathvision_does_not_repeat_options_that_are_drawn(tmp_path):
    lines(tmp_path / "mathvision/testmini.jsonl", [DRAWN])
    (item,) = MathVision().items(tmp_path)
    assert MathVision().prompt(item, OFFICIAL).endswith("Which?\n<image1>\n")
    official = MathVision().official_score
    said = replace(answer("7", 0, **item.fields), gold=item.sample.answer, choices=item.sample.choices)
    assert official(replace(said, response=r"\boxed{b}")) == 1.0
    assert official(replace(said, response=r"\boxed{A}")) == 0.0


def test_dynamath_reads_ten_splits(tmp_path):
    for variant in range(1, 11):
        row = {"id": "5", "question": f"{variant} + 1?", "image": "x.png", "decoded_image": picture("blue")}
        row |= {"ground_truth": f"{variant + 1}.0", "answer_type": "float", "subject": "s", "knowledge_level": "high"}
        folder = tmp_path / "DynaMath_Sample"
        on_hub(folder, f"sample_variant{variant}", [row], decoded_image=Image())
    items = list(DynaMath().items(tmp_path))
    assert [(one.sample.id, one.sample.answer) for one in items] == [(f"q5_v{n}", f"{n + 1}.0") for n in range(1, 11)]
    assert items[3].fields == {"qid": "5", "variant": 4, "answer_type": "float", "subject": "s", "level": "high"}
    answers = [answer(one.sample.id, 1, **one.fields) for one in items]
    assert DynaMath().metrics(answers, Textual()).headline.value == 1.0


def test_mathverse_asks_what_stands_in_the_picture_and_tells_the_grader(tmp_path):
    row = {"problem_index": "3", "problem_version": "Vision Only", "question_type": "multi-choice", "answer": "B"}
    row |= {"sample_index": "13", "question": "", "metadata": {"subject": "Plane Geometry", "subfield": "Angle"}}
    row |= {"query_cot": "According to the picture, please answer.", "images": []}
    row |= {"question_for_eval": "Which?\nChoices:\nA:40\nB:60"}
    lines(tmp_path / "mathverse/testmini.jsonl", [row])
    (item,) = MathVerse().items(tmp_path)
    assert MathVerse().prompt(item, OFFICIAL) == "According to the picture, please answer."
    assert (item.sample.id, item.sample.choices) == ("13", ("A. 40", "B. 60"))
    assert (item.fields["subject"], item.fields["problem_version"]) == ("Plane Geometry", "Vision Only")


def gpqa_rows(count):
    texts = ("Correct Answer", "Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3")
    extra = {"High-level domain": "Physics"}
    return [
        {"Record ID": f"rec{n}", "Question": f"Which {n}?"} | {text: f"{text} of {n}" for text in texts} | extra
        for n in range(count)
    ]


def test_gpqa_shuffles_by_seed_and_id_alone(tmp_path):
    lines(tmp_path / "gpqa/gpqa_diamond.jsonl", gpqa_rows(60))
    items = list(GPQA().items(tmp_path))
    for item in items:
        right = item.sample.choices["ABCD".index(item.sample.answer)]
        assert right == f"{item.sample.answer}. Correct Answer of {item.sample.id.removeprefix('rec')}"
    assert {item.sample.answer for item in items} == set("ABCD")
    lines(tmp_path / "gpqa/gpqa_diamond.jsonl", gpqa_rows(60)[::-1])
    assert list(GPQA().items(tmp_path))[::-1] == items
    assert list(GPQA(seed=1).items(tmp_path)) != items
    shown = "\n".join(choice.replace(". ", ") ", 1) for choice in items[0].sample.choices)
    assert GPQA().prompt(items[0], OFFICIAL).endswith(f"before answering.\n\nWhich 0?\n\n{shown}")


def test_mmmu_has_several_pictures_and_two_kinds_of_questions(tmp_path):
    row = {"id": "validation_Art_Theory_3", "question": "<image 1> or <image 2>?", "options": "['red', 'it\\'s blue']"}
    row |= {"answer": "B", "topic_difficulty": "Easy", "question_type": "multiple-choice", "subfield": "s"}
    row |= {f"image_{n}": None for n in range(3, 8)} | {"image_1": picture("red"), "image_2": picture("blue")}
    other = row | {"id": "validation_Math_1", "options": "[]", "answer": "7", "question_type": "open"}
    features = {f"image_{n}": Image() for n in range(1, 8)}
    on_hub(tmp_path / "lmms-lab/MMMU", "validation", [row, other], **features)
    choice, free = MMMU().items(tmp_path)
    assert [one.getpixel((0, 0)) for one in choice.sample.load_images()] == [(255, 0, 0), (0, 0, 255)]
    assert (choice.fields["subject"], free.fields["subject"]) == ("Art_Theory", "Math")
    asked = MMMU().prompt(choice, OFFICIAL)
    assert asked.endswith(
        "(A) red\n(B) it's blue\n\n\nAnswer with the option's letter from the given choices directly."
    )
    assert MMMU().prompt(free, OFFICIAL).endswith("\n\nAnswer the question using a single word or phrase.")


def test_mm_math_takes_the_gold_from_the_boxes_of_the_solution(tmp_path):
    row = {"question": "x?", "file_name": "a.png", "solution": r"so \boxed{3} or \boxed{\frac{1}{2}}", "year": "9"}
    folder = tmp_path / "MM_Math"
    lines(folder / "MM_Math.jsonl", [row | {"difficult": "easy", "knowledge": "Functions"}])
    (folder / "images").mkdir()
    picture("red").save(folder / "images/a.png")
    (item,) = MMMath().items(tmp_path)
    assert item.sample.answer == r"3, \frac{1}{2}"
    assert item.sample.load_images()[0].size == (8, 6)
    with pytest.raises(UserError, match="give a folder of data"):
        next(TableBenchmark(name="sums", jsonl="sums.jsonl").items(None))
    with pytest.raises(UserError, match=r"none of these exists: .*/MM_Math/Image.zip, .*/THU-KEG/MM_Math/Image.zip"):
        (folder / "images").rename(folder / "drawings")
        next(MMMath().items(tmp_path))


def test_logicvista_leaves_out_what_cannot_be_asked(tmp_path):
    rows = [{"id": "v1_382", "question": "", "answer": "", "skill": ["spatial"], "images": []}]
    rows.append({"id": "v1_2", "question": "Which two?", "answer": "B, D", "skill": ["spatial"], "images": []})
    lines(tmp_path / "logicvista/test.jsonl", rows)
    assert [item.sample.id for item in LogicVista().items(tmp_path)] == ["v1_2"]


SUMS = {"id": "1", "question": "1 + 1?", "answer": 2, "choices": None, "images": [], "extra": {"level": 1}}


def test_a_benchmark_by_arguments_alone(tmp_path):
    lines(tmp_path / "sums.jsonl", [SUMS, SUMS | {"id": "2", "choices": ["2", "3"], "extra": {"level": 2}}])
    template = "Solve {question} {choices} {question}."
    sums = TableBenchmark(name="sums", jsonl="sums.jsonl", fields=["level"], template=template, cleaned={"1": "two"})
    plain, choice = sums.items(tmp_path)
    assert sums.prompt(plain, OFFICIAL) == "Solve 1 + 1?  1 + 1?."
    assert sums.prompt(choice, OFFICIAL) == "Solve 1 + 1? A. 2\nB. 3 1 + 1?."
    assert (plain.sample.answer, plain.fields) == ("two", {"level": 1, "original_gold": "2"})
    metrics = sums.metrics([answer("1", 1, **plain.fields), answer("2", 0, **choice.fields)], Textual())
    assert [figure.name for figure in metrics.figures] == ["level/1", "level/2", "original_golds/pass@1"]


def test_a_benchmark_in_yaml(tmp_path):
    lines(tmp_path / "sums.jsonl", [SUMS])
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
    lines(tmp_path / "sums.jsonl", rows)
    with pytest.raises(UserError, match=message):
        list(TableBenchmark(name="sums", jsonl="sums.jsonl").items(tmp_path))


def test_a_missing_column_is_named(tmp_path):
    lines(tmp_path / "wemath/testmini.jsonl", [{"ID": "1", "image_path": None, "knowledge concept": "x"}])
    with pytest.raises(UserError, match=r"line 1: no column 'option'; there are: ID, image_path, knowledge concept"):
        list(WeMath().items(tmp_path))
    lines(tmp_path / "logicvista/test.jsonl", [{"id": "1", "question": "?", "answer": "A"}])
    with pytest.raises(UserError, match=r"line 1: column 'image' does not exist; there are: id, question, answer"):
        list(LogicVista().items(tmp_path))


def test_missing_data_is_named(tmp_path):
    with pytest.raises(UserError, match=rf"none of these exists: {tmp_path}/gpqa/gpqa_diamond.jsonl, {tmp_path}/Id"):
        list(GPQA().items(tmp_path))
    with pytest.raises(UserError, match="no such folder"):
        list(Source(jsonl="x.jsonl").rows(tmp_path / "absent"))


def test_the_page_lists_every_benchmark_and_where_its_data_is():
    page = (Path(__file__).parents[2] / "docs/benchmarks.md").read_text()
    rows = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    for benchmark in shipped_benchmarks():
        assert f"`{benchmark.jsonl}`" in rows[benchmark.name]
        assert benchmark.hub is None or benchmark.hub in rows[benchmark.name]


def test_options_that_are_no_list_are_not_evaluated(tmp_path):
    row = {"id": "validation_Art_1", "question": "?", "options": "__import__('os').getcwd()", "answer": "A"}
    lines(tmp_path / "mmmu/validation.jsonl", [row | {"question_type": "multiple-choice"}])
    with pytest.raises(UserError, match="line 1: options are no list of texts"):
        list(MMMU().items(tmp_path))
