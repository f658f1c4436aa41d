import dataclasses
import json

import pytest

from revisual.client.journal import FAILED, Journal, Record, read_journal
from revisual.core.errors import UserError

FIRST = Record("0a" * 16, "q0", 0, seed=1, response="It is 42 ✓\u2028\n", finish_reason="stop")
SECOND = Record("0b" * 16, "q1", 0, seed=2, response="", finish_reason=FAILED, error="HTTP 500")


def test_what_is_written_is_found(tmp_path):
    path = tmp_path / "deep" / "a.jsonl"
    with Journal(path) as journal:
        journal.append(FIRST)
        assert journal.find(FIRST.key) == FIRST
    with Journal(path) as journal:
        assert journal.find(FIRST.key) == FIRST and journal.find("0c" * 16) is None and len(journal) == 1
    assert [json.loads(line) for line in path.read_bytes().splitlines()] == [dataclasses.asdict(FIRST)]


def test_a_failure_is_no_answer_and_the_last_answer_counts(tmp_path):
    path = tmp_path / "a.jsonl"
    answer = dataclasses.replace(SECOND, response="42", finish_reason="stop", error=None)
    for record, known in ((SECOND, 0), (answer, 0), (SECOND, 1)):
        with Journal(path) as journal:
            assert len(journal) == known
            journal.append(record)
    with Journal(path) as journal:
        assert journal.find(SECOND.key) == answer
    assert list(read_journal(path)) == [SECOND, answer, SECOND]


@pytest.mark.parametrize("length", [1, 20, 60])
def test_a_torn_last_line_is_cut_off(tmp_path, length, caplog):
    path = tmp_path / "a.jsonl"
    with Journal(path) as journal:
        journal.append(FIRST)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:length])
    with Journal(path) as journal:
        assert len(journal) == 1
        journal.append(SECOND)
    assert list(read_journal(path)) == [FIRST, SECOND] and "cut in two" in caplog.text


def test_a_broken_line_is_passed_over(tmp_path, caplog):
    path = tmp_path / "a.jsonl"
    with Journal(path) as journal:
        journal.append(FIRST)
    path.write_bytes(b'garbage\n{"key": 1}\n[]\n' + path.read_bytes())
    with Journal(path) as journal:
        assert journal.find(FIRST.key) == FIRST and len(journal) == 1
    assert "3 lines" in caplog.text


def test_two_writers_are_refused(tmp_path):
    with Journal(tmp_path / "a.jsonl"), pytest.raises(UserError, match="another process"):
        Journal(tmp_path / "a.jsonl").__enter__()


def test_a_folder_in_the_way_is_one_line(tmp_path):
    with pytest.raises(UserError, match="cannot be written"):
        Journal(tmp_path).__enter__()
