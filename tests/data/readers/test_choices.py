"""Choices in the forms of data sets."""

import pytest

from revisual.core.errors import UserError
from revisual.data.readers import JSONLReader
from revisual.data.readers.choices import Choices, read_choices

from .reading import error_of, jsonl


@pytest.mark.parametrize(
    "value",
    [{"A": "1", "B": 2}, {"text": ["1", "2"], "label": ["A", "B"]}, {"A": "1", "B": "2", "C": None}],
)
def test_objects_of_choices(value):
    assert read_choices(value) == Choices(("1", "2"), ("A", "B"))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"text": ["1"], "label": ["A", "B"]}, "no two lists of one length"),
        ({"A": " "}, "a choice is empty"),
        ({"A": ["1"]}, "a choice is of type list"),
    ],
)
def test_others_are_refused(value, reason):
    with pytest.raises(UserError, match=reason):
        read_choices(value)


def test_a_label_is_a_letter(tmp_path):
    rows = [
        {"question": "q", "answer": "2", "choices": {"text": ["x", "y"], "label": ["1", "2"]}},
        {"question": "q", "answer": "B", "choices": {"A": "1", "B": "2"}},
        {"question": "q", "answer": "y", "choices": ["x", "y"]},
    ]
    assert [sample.answer for sample in JSONLReader(jsonl(tmp_path, *rows))()] == ["B", "B", "y"]


@pytest.mark.parametrize(("first", "want"), [(0, ["A", "C"]), (1, None), (None, ["0", "2"])])
def test_places_are_letters_where_the_reader_is_told_so(tmp_path, first, want):
    rows = [{"question": "q", "answer": place, "choices": ["x", "y", "z"]} for place in (0, 2)]
    reader = JSONLReader(jsonl(tmp_path, *rows), answer_index=first)
    if want is None:
        expected = f"{reader.path}, line 1: answer '0' is no place among the choices, which are 1 to 3"
        assert error_of(reader) == expected
    else:
        assert [sample.answer for sample in reader()] == want


def test_only_answers_beside_choices_are_places(tmp_path):
    (sample,) = JSONLReader(jsonl(tmp_path, {"question": "6 * 7?", "answer": 42}), answer_index=0)()
    assert sample.answer == "42"
