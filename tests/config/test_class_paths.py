"""A class path is of the type that its key wants before it is called."""

import pytest
import yaml

from revisual.cli.main import main

PLANTED = """
from pathlib import Path
def plain(path): Path(path).touch()
def returns_int(path: str) -> int: Path(path).touch()
class NoPart:
    def __init__(self, path: str): Path(path).touch()
"""


@pytest.fixture
def planted(tmp_path, monkeypatch):
    (tmp_path / "planted_parts.py").write_text(PLANTED)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path / "ran"


def config(folder, changed):
    options = {"policy": {"class_path": "PretrainedPolicy", "init_args": {"path": str(folder / "none")}}}
    data = {"train": [{"class_path": "ArithmeticTask", "init_args": {"count": 4}}]}
    whole = {
        "model": {"class_path": "SFTModule", "init_args": options},
        "data": {"class_path": "SFTDataModule", "init_args": data},
        "trainer": {},
    }
    for key, value in changed.items():
        where = {"callbacks": whole["trainer"], "train": data}.get(key, options)
        where[key] = value
    (folder / "config.yaml").write_text(yaml.safe_dump(whole))
    return f"--config={folder / 'config.yaml'}"


KEYS = ["optimizer", "scheduler", "callbacks", "policy", "train"]


def given(key, path, init_args):
    one = {"class_path": path, "init_args": init_args}
    return {key: [one] if key in ("callbacks", "train") else one}


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("name", ["plain", "returns_int", "NoPart"])
def test_what_is_of_another_type_is_not_called(planted, tmp_path, capsys, key, name):
    path = f"planted_parts.{name}"
    assert main(["fit", config(tmp_path, given(key, path, {"path": str(planted)}))]) == 2
    (line,) = capsys.readouterr().err.splitlines()[-1:]
    assert not planted.exists() and path in line


@pytest.mark.parametrize("key", KEYS)
def test_pythons_own_library_is_no_part(tmp_path, capsys, key):
    words = config(tmp_path, given(key, "os.system", {"command": f"touch {tmp_path / 'ran'}"}))
    assert main(["fit", words]) == 2
    (line,) = capsys.readouterr().err.splitlines()[-1:]
    assert not (tmp_path / "ran").exists()
    assert "'os.system' is of Python's own library, and no part" in line and key in line and len(line) < 200


def test_a_module_of_the_library_is_not_imported(tmp_path, capsys):
    import sys

    sys.modules.pop("antigravity", None)  # opens a browser on import
    assert main(["fit", config(tmp_path, given("optimizer", "antigravity.fly", {}))]) == 2
    assert "antigravity" not in sys.modules and "Python's own library" in capsys.readouterr().err
