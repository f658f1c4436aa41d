"""Sources that cannot be read, and their names."""

import pytest

from data_recipes.grammar.helpers import jsonl, run, source
from revisual.core.errors import UserError
from revisual.data.readers import JSONLReader
from revisual.data_recipes.grammar.sources import Source
from revisual.data_recipes.grammar.steps.collect import Collect


def sums(count, name="s"):
    return [{"id": f"{name}{k}", "question": f"What is {k} + {k} + 1?", "answer": str(2 * k + 1)} for k in range(count)]


BAD = [
    ({"columns": {"question": "problem"}}, "column 'problem' does not exist; there are: id, question, answer"),
    ({"path": "nowhere.jsonl"}, "nowhere.jsonl: no such file"),
]


@pytest.mark.parametrize(("options", "said"), BAD)
def test_bad_sources_are_told_and_finished_ones_kept(tmp_path, options, said):
    good = source("good", jsonl(tmp_path / "good.jsonl", sums(5)))
    bad = Source("bad", JSONLReader(**{"path": jsonl(tmp_path / "bad.jsonl", sums(5))} | options))
    with pytest.raises(UserError) as told:
        run(tmp_path / "out", {"collect": Collect(sources=(good, bad))})
    assert said in str(told.value) and "\n" not in str(told.value)
    assert (tmp_path / "out/collect/samples/000-good/finished.json").is_file()


def test_sources_need_names_of_their_own(tmp_path):
    one = source("a", jsonl(tmp_path / "a.jsonl", sums(2)))
    with pytest.raises(UserError, match="two sources are called 'a'"):
        run(tmp_path / "out", {"collect": Collect(sources=(one, one))})
    with pytest.raises(UserError, match="cannot be a folder's name"):
        source("../a", tmp_path)
    with pytest.raises(UserError, match="b has no reader: convert it"):
        run(tmp_path / "out", {"collect": Collect(sources=(Source("b", note="convert it first"),))})
