from pathlib import Path

import pytest

from evaluation.sums import SUMS
from revisual.core.errors import UserError
from revisual.data.prompting import Prompting
from revisual.evaluation.benchmarks.table import TableBenchmark
from revisual.evaluation.presets import REVISUAL_R1, Preset
from revisual.evaluation.selection import choose_benchmarks, choose_preset, contradiction, shipped_benchmarks


def test_chosen():
    assert [one.name for one in choose_benchmarks(" wemath, aime24", [SUMS])] == ["wemath", "aime24", "sums"]
    for names, custom in (("aime24,aime24", []), ("", [SUMS, SUMS])):
        with pytest.raises(UserError, match="twice"):
            choose_benchmarks(names, custom)
    for name in ("../x", "", "a/b", ".."):
        with pytest.raises(UserError, match="cannot be a file's name"):
            choose_benchmarks("", [type(SUMS)(name=name)])
    with pytest.raises(UserError, match="no benchmark 'aime23'; there are: "):
        choose_benchmarks("aime23")
    assert choose_preset("vision_r1", "some/model").top_p == 0.95


def test_the_shipped_ones_are_found():
    found = shipped_benchmarks()
    assert len({one.name for one in found}) == len(found) == 15
    assert not any(type(one) is TableBenchmark for one in found), "which is none by itself"


def test_the_page_lists_every_benchmark_and_where_its_data_is():
    page = (Path(__file__).parents[2] / "docs/benchmarks.md").read_text()
    rows = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    for benchmark in shipped_benchmarks():
        assert f"`{benchmark.jsonl}`" in rows[benchmark.name]
        assert benchmark.hub is None or benchmark.hub in rows[benchmark.name]


def test_an_export_is_asked_as_it_was_trained(tmp_path):
    model = str(tmp_path)
    assert (
        choose_preset(None, model) == choose_preset("revisual_r1", model) and contradiction(REVISUAL_R1, model) is None
    )
    with pytest.raises(UserError, match=r"has no revisual_prompting\.json"):
        choose_preset("trained", model)
    Prompting("Be brief.", temperature=0.7, top_p=0.9).write(tmp_path)
    trained = choose_preset(None, model)
    assert trained == choose_preset("trained", model) == Preset("trained", "Be brief.", "", 0.7, 0.9)
    assert contradiction(trained, model) is None
    assert choose_preset("official", model).name == "official"  # an explicit one wins
    told = contradiction(choose_preset("official", model), model)
    assert told is not None and "preset official" in told and model in told and "\n" not in told
