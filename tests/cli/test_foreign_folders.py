"""Every command that writes a folder leaves a folder with others' files alone."""

import json

import pytest
from evaluation.sums import SETTINGS, write_sums

from cli.test_tiny import DATA, SIZES
from revisual.cli.main import main


@pytest.fixture
def foreign(tmp_path):
    folder = tmp_path / "mine"
    (folder / "collect").mkdir(parents=True)
    (folder / "thesis.txt").write_text("years")
    (folder / "samples.jsonl").write_text("years")
    (folder / "collect" / "settings.json").write_text("{}")
    return folder


def words(command, tmp_path):
    server = {"server": {"base_url": "http://127.0.0.1:9/v1", "model": "m"}}
    source = {"name": "sums", "reader": {"class_path": "ArithmeticTask", "init_args": {"count": 4}}}
    stage = tmp_path / "stage.yaml"
    stage.write_text("{model: GRPOModule, data: PromptDataModule}")
    return {
        "tiny": [DATA, *SIZES],
        "curate": ["--sources", json.dumps([source])],
        "bridge": [DATA, "--vlm", json.dumps(server), "--reasoner", json.dumps(server)],
        "evaluate": [
            "--model=m", "--base_url=http://127.0.0.1:9/v1", f"--custom={custom(tmp_path)}",
            f"--data={tmp_path / 'data'}",
        ],
        "pipeline": [f"--stages=[{{name: a, config: [{stage}]}}]", f"--start={tmp_path}"],
    }[command]  # fmt: skip


def custom(tmp_path):
    write_sums(tmp_path / "data", 4)
    return json.dumps([{"class_path": "TableBenchmark", "init_args": SETTINGS}])


@pytest.mark.parametrize("command", ["tiny", "curate", "bridge", "evaluate", "pipeline"])
def test_others_files_are_kept(foreign, tmp_path, capsys, command):
    before = {path: path.read_bytes() for path in foreign.rglob("*") if path.is_file()}
    assert main([command, *words(command, tmp_path), f"--out={foreign}"]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert lines[-1].startswith(f"revisual {command}: {foreign}: holds collect, which ")
    assert {path: path.read_bytes() for path in foreign.rglob("*") if path.is_file()} == before
