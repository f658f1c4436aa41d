import json

import pytest

from revisual.core.errors import UserError
from revisual.data.readers import JSONLReader
from revisual.data_recipes.bridging.source import check_readers, stream_samples


def reader(folder, name, *ids):
    lines = [json.dumps({"id": one, "question": "?", "answer": "1"}) for one in ids]
    (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    return JSONLReader(f"{name}.jsonl", source=name)


def test_samples_come_in_order_and_are_limited(tmp_path):
    readers = [reader(tmp_path, "a", "1", "2"), reader(tmp_path, "b", "1")]
    assert [(s.source, s.id) for s in stream_samples(readers, tmp_path)] == [("a", "1"), ("a", "2"), ("b", "1")]
    assert len(list(stream_samples(readers, tmp_path, limit=2))) == 2


def test_two_samples_of_one_name_are_refused(tmp_path):
    one = reader(tmp_path, "a", "1", "2")
    with pytest.raises(UserError, match="the id '1' of source 'a' is also in"):
        list(stream_samples([one, one], tmp_path))


def test_a_wrong_path_is_told_before_anything_is_asked(tmp_path):
    with pytest.raises(UserError, match="data: no reader is given"):
        check_readers([])
    with pytest.raises(UserError, match=r"no_such\.jsonl"):
        check_readers([reader(tmp_path, "a", "1"), JSONLReader("no_such.jsonl")], tmp_path)
