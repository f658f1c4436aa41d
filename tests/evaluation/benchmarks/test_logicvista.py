import json

import pytest

from revisual.evaluation.benchmarks import (
    LogicVista,
)


def lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path_factory.mktemp("cache"))


def test_logicvista_leaves_out_what_cannot_be_asked(tmp_path):
    rows = [{"id": "v1_382", "question": "", "answer": "", "skill": ["spatial"], "images": []}]
    rows.append({"id": "v1_2", "question": "Which two?", "answer": "B, D", "skill": ["spatial"], "images": []})
    lines(tmp_path / "logicvista/test.jsonl", rows)
    assert [item.sample.id for item in LogicVista().items(tmp_path)] == ["v1_2"]
