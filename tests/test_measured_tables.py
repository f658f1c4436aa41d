"""Tables of measurements in the docs are what their committed results give."""

import importlib
import json
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def load(monkeypatch, name, folder=BENCHMARKS):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module(name)


def in_a_copy(monkeypatch, tmp_path, module):
    page = module.PAGE.read_text(encoding="utf-8")
    monkeypatch.setattr(module, "PAGE", tmp_path / "page.md")
    module.PAGE.write_text(page, encoding="utf-8")
    return page


@pytest.mark.parametrize("name", ["engine_gaps", "families", "reward_hacking"])
def test_a_result_gives_the_table(monkeypatch, tmp_path, name):
    module = load(monkeypatch, name)
    page = in_a_copy(monkeypatch, tmp_path, module)
    result = json.loads((BENCHMARKS / f"results/{name}.json").read_text(encoding="utf-8"))
    module.write_docs(result)
    assert module.PAGE.read_text(encoding="utf-8") == page and result["commit"] in page


def test_results_of_speed_give_the_tables(monkeypatch, tmp_path):
    module = load(monkeypatch, "write_docs", BENCHMARKS / "speed")
    page = in_a_copy(monkeypatch, tmp_path, module)
    monkeypatch.setattr(sys, "argv", ["write_docs.py"])
    module.main()
    assert module.PAGE.read_text(encoding="utf-8") == page
    for name in module.TABLES:
        assert json.loads((BENCHMARKS / f"speed/results/{name}.json").read_text())["commit"] in page
