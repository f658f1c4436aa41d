"""Mistakes that the parser tells, in one line."""

from pathlib import Path

import pytest
import yaml

from revisual.cli.export import read_run_config
from revisual.cli.main import main
from revisual.core.errors import UserError


def line(capsys, *args):
    assert main(args) == 2
    (error,) = capsys.readouterr().err.splitlines()
    return error


def test_a_file_that_is_no_yaml(capsys, tmp_path):
    (tmp_path / "config.yaml").write_text("a: [1\nb: 2\n")
    told = line(capsys, "fit", f"--config={tmp_path / 'config.yaml'}")
    assert "line 2, column 2" in told and "config.yaml: is no YAML: " in told and "unicode string" not in told


BROKEN = "trainer:\n  max_steps: [1, 2\n  a: b\n"
TOLD = "is no YAML: line 3, column 4: expected ',' or ']', but got ':' while parsing a flow sequence"
TOLD += " (line 2, column 14)"


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """One in a folder below the present one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "broken.yaml").write_text(BROKEN)
    return "sub/broken.yaml"


@pytest.mark.parametrize(
    "command", ["fit", "pipeline", "check", "plan", "evaluate", "curate", "bridge", "generate", "tiny", "export"]
)
def test_every_command_says_folder_file_line_and_column(capsys, broken, command):
    assert line(capsys, command, f"--config={broken}") == f"revisual {command}: {broken}: {TOLD}"


def test_an_overlay_and_a_file_of_a_key(capsys, broken, tmp_path):
    whole = Path(__file__).parents[2] / "configs/examples/sft/sft.yaml"
    assert line(capsys, "fit", f"--config={whole}", f"--config={broken}") == f"revisual fit: {broken}: {TOLD}"
    assert line(capsys, "fit", f"--model={broken}") == f"revisual fit: {broken}: {TOLD}"
    assert line(capsys, "fit", f"--trainer={broken}") == f"revisual fit: {broken}: {TOLD}"
    (tmp_path / "config.yaml").write_text(f"trainer: {broken}\n")
    told = line(capsys, "fit", "--config=config.yaml")
    assert broken in told and "is no YAML: line 3, column 4: " in told


@pytest.mark.parametrize("key", ["shared: [{}]", "stages: [{{name: a, config: [{}]}}]"])
def test_a_pipelines_stages(capsys, broken, tmp_path, policy_folder, key):
    content = {"out": "out", "start": str(policy_folder), "stages": [{"name": "a", "config": ["sub/whole.yaml"]}]}
    (tmp_path / "sub" / "whole.yaml").write_text("trainer: {}\n")
    content |= yaml.safe_load(key.format(broken))
    (tmp_path / "pipeline.yaml").write_text(yaml.safe_dump(content))
    for command in ("pipeline", "check"):
        assert line(capsys, command, "--config=pipeline.yaml").endswith(f"{broken}: {TOLD}")


def test_the_config_beside_a_checkpoint(broken):
    with pytest.raises(UserError) as caught:
        read_run_config(Path(broken))
    assert str(caught.value) == f"{broken}: {TOLD}"


def test_a_file_that_is_no_text(capsys, tmp_path):
    path = tmp_path / "config.yaml"
    path.write_bytes("a: ü\n".encode("latin-1"))
    for command in ("fit", "pipeline", "plan"):
        told = f"revisual {command}: {path}: is no YAML: byte 4 is no text in UTF-8"
        assert line(capsys, command, f"--config={path}") == told
    with pytest.raises(UserError, match="is no YAML: byte 4"):
        read_run_config(path)


def test_what_is_given_for_a_section(capsys):
    told = line(capsys, "fit", "--trainer={a: [")
    assert told.startswith("revisual fit: trainer: is no YAML: line ") and "did not find expected" in told


def test_commands_without_lightning(capsys):
    assert line(capsys, "tiny", "--out=x", "--data=Foo") == "revisual tiny: data: expected list, got 'Foo'"
    assert "unrecognized arguments: --sed=1" in line(capsys, "tiny", "--out=x", "--data=[ArithmeticTask]", "--sed=1")
    assert "no command 'fti'" in line(capsys, "fti")
