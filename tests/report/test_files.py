import math

import pytest

from revisual.core.errors import UserError
from revisual.report.files import read_csv_curves


def read(tmp_path, text):
    path = tmp_path / "metrics.csv"
    path.write_text(text)
    return read_csv_curves(path)


def test_curves_skip_empty_cells(tmp_path):
    curves = read(tmp_path, "epoch,step,train/loss,val/accuracy\n0,9,1.5,\n0,9,,0.25\n0,19,0.5,\n1,29,,\n")
    assert curves == {"train/loss": ([9.0, 19.0], [1.5, 0.5]), "val/accuracy": ([9.0], [0.25])}


def test_steps_are_in_order_and_the_later_value_of_a_step_counts(tmp_path):
    assert read(tmp_path, "step,a\n1,1\n3,3\n2,20\n3,30\n") == {"a": ([1, 2, 3], [1, 20, 30])}


def test_nan_is_a_value_and_a_row_without_a_step_is_none(tmp_path):
    curves = read(tmp_path, "step,a\n1,nan\n2,inf\n,5\n")
    assert curves["a"][0] == [1, 2]
    assert math.isnan(curves["a"][1][0]) and curves["a"][1][1] == math.inf


@pytest.mark.parametrize("text", ["", "step,a\n", "step,a,b\n1\n", "step,a\n1,,7,8\n"])
def test_empty_cut_and_overlong_files(tmp_path, text):
    assert read(tmp_path, text) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [("step,a\n1,2\n2,many\n", "line 3, column 'a': 'many' is not a number"), ("epoch,a\n1,2\n", "no column 'step'")],
)
def test_what_cannot_be_read_is_named(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        read(tmp_path, text)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"cannot read .*nothing.csv"):
        read_csv_curves(tmp_path / "nothing.csv")
