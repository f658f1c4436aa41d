"""What readers say of bad rows, lines, columns, files and settings."""

import json
import logging

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from revisual.core.errors import UserError
from revisual.data.readers import JSONLReader, ParquetReader

from .reading import GOOD, error_of, jsonl, parquet

BAD_ROWS = {
    "no answer": (
        {"question": "q"},
        "answer is empty, as there is no such column (there are: question); columns: {ans",
    ),
    "null answer": ({"question": "q", "answer": None}, "answer is empty"),
    "blank answer": ({"question": "q", "answer": " "}, "answer is empty; set require_answer: false"),
    "nan answer": ({"question": "q", "answer": float("nan")}, "answer is empty"),
    "list answer": ({"question": "q", "answer": ["1"]}, "answer is of type list, not text or a number"),
    "no question": (
        {"answer": "1", "ask": "q"},
        "question is empty, as there is no such column (there are: answer, ask)",
    ),
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
    assert "limit: expected int in [1, 2147483647], got 0" in error_of(lambda: JSONLReader(path, limit=0))


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


def test_broken_regular_expression_is_told():
    with pytest.raises(UserError, match="solution_without"):
        JSONLReader("a.jsonl", solution_without="<<(")
