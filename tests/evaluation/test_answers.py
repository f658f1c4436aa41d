import json

import pytest

from revisual.core.errors import UserError
from revisual.evaluation.answers import ScoredAnswer, answer_from_line, read_answers, write_answers

RIGHT = ScoredAnswer(
    "sums", "s1", 0, "It is \\boxed{2} ✓\u2028", "stop", "2", "boxed/number", 1.0,
    fields={"level": 1, "skills": ["a", "b"]}, gold="2", question="1 + 1?", choices=["A. 2"], tokens=3,
)  # fmt: skip
FAILED = ScoredAnswer("sums", "s2", 1, "", "failed", "", "none", 0.0, "request: HTTP 500")
OPEN = ScoredAnswer("sums", "s3", 0, "9^9^9", "length", "9^9^9", "boxed/x", 0.0, "timeout")


def test_what_is_written_is_read(tmp_path):
    write_answers(tmp_path / "results.jsonl", [RIGHT, FAILED, OPEN])
    assert list(read_answers(tmp_path / "results.jsonl")) == [RIGHT, FAILED, OPEN]


def test_kinds():
    assert [one.is_decided for one in (RIGHT, FAILED, OPEN)] == [True, False, False]
    assert [one.is_failed for one in (RIGHT, FAILED, OPEN)] == [False, True, False]
    assert [one.is_truncated for one in (RIGHT, FAILED, OPEN)] == [False, False, True]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "is no JSON"),
        ("[]", "is not an answer"),
        ('{"id": 3}', "is not an answer"),
        (json.dumps(json.loads(RIGHT.line()) | {"colour": 3}), "'colour'"),
        ('{"benchmark": "b", "item_id": "1", "sample_index": 0, "response": ""}', "finish_reason"),
        (json.dumps(json.loads(RIGHT.line()) | {"score": "high"}), "score"),
        (json.dumps(json.loads(RIGHT.line()) | {"response": None}), "response"),
        (json.dumps(json.loads(RIGHT.line()) | {"fields": [1]}), "fields"),
    ],
)
def test_a_broken_line_is_named(line, said, tmp_path):
    with pytest.raises(UserError, match=said):
        answer_from_line(line)
    path = tmp_path / "results.jsonl"
    path.write_text(f"{RIGHT.line()}\n{line}\n")
    with pytest.raises(UserError, match=r"results\.jsonl, line 2: "):
        list(read_answers(path))


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(UserError, match="cannot be read: No such file"):
        list(read_answers(tmp_path / "results.jsonl"))
