import pytest

from evaluation.sums import SUMS, write_sums
from revisual.client.journal import Record
from revisual.core.errors import UserError
from revisual.evaluation.runner import check_answered, items_by_id


def test_all_failed_is_an_error():
    failed = Record("", "1", 0, 0, "", "failed", error="HTTP 500")
    with pytest.raises(UserError, match="all 2 requests failed; the last: HTTP 500"):
        list(check_answered([failed, failed]))
    assert len(list(check_answered([failed, Record("", "1", 0, 0, "7", "stop")]))) == 2


def test_items(tmp_path):
    write_sums(tmp_path / "data", 5)
    assert list(items_by_id(SUMS, tmp_path / "data", limit=3)) == ["s0", "s1", "s2"]
