import pytest

from evaluation.made_layouts import plain, write_rows
from revisual.core.errors import UserError
from revisual.evaluation.benchmarks import MMMath
from revisual.evaluation.benchmarks.table import TableBenchmark


def test_mm_math_takes_the_gold_from_the_boxes_of_the_solution(tmp_path):
    row = {"question": "x?", "file_name": "a.png", "solution": r"so \boxed{3} or \boxed{\frac{1}{2}}", "year": "9"}
    folder = tmp_path / "MM_Math"
    write_rows(folder / "MM_Math.jsonl", [row | {"difficult": "easy", "knowledge": "Functions"}])
    (folder / "images").mkdir()
    plain("red").save(folder / "images/a.png")
    (item,) = MMMath().items(tmp_path)
    assert item.sample.answer == r"3, \frac{1}{2}"
    assert item.sample.load_images()[0].size == (8, 6)
    with pytest.raises(UserError, match="give a folder of data"):
        next(TableBenchmark(name="sums", jsonl="sums.jsonl").items(None))
    with pytest.raises(UserError, match=r"none of these exists: .*/MM_Math/Image.zip, .*/THU-KEG/MM_Math/Image.zip"):
        (folder / "images").rename(folder / "drawings")
        next(MMMath().items(tmp_path))
