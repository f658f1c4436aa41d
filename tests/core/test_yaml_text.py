"""YAML that is more than it seems."""

import re

import pytest
import yaml

from revisual.cli.main import main
from revisual.core.errors import UserError
from revisual.core.yaml_text import load_yaml, read_yaml


def bomb(depth=10):
    """Ten times as much on each line."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, depth)]
    return "\n".join([*lines, f"trainer: {{callbacks: *a{depth - 1}}}"]) + "\n"


@pytest.mark.parametrize(
    "text",
    ["", "a: 1", "[1, 2.5, null, yes]", "a: &a {b: [1, 2]}\nc: *a\nd: {<<: *a, e: 3}", "- 2020-01-01\n- |\n  x"],
)
def test_what_is_ordinary_is_as_in_pyyaml(text):
    assert load_yaml(text) == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (bomb(), "its aliases stand for 2e"),
        ("a: &a [1, *a]", "line 1: an alias stands for what holds it"),
        ("[" * 3000 + "]" * 3000, "it is nested too deeply"),
        ("a: " + "{b: " * 3000 + "1" + "}" * 3000, "it is nested too deeply"),
    ],
)
def test_what_is_more_than_it_seems_is_refused(text, told):
    with pytest.raises(UserError, match=told):
        load_yaml(text)


def test_a_tag_that_would_run_code_is_no_yaml():
    with pytest.raises(yaml.YAMLError):
        load_yaml("!!python/object/apply:os.system [echo]")


def test_a_file_is_read_or_told_with_the_place_in_it(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\nb:\n  - x\n")
    assert read_yaml(path) == {"a": 1, "b": ["x"]}
    told = {"a: 1\n  b: 2\n": "line 2, column 4: mapping values are not allowed here", "a: [": "line 1, column 5: "}
    for text, where in told.items():
        path.write_text(text)
        with pytest.raises(UserError, match=re.escape(f"{path}: is no YAML: {where}")):
            read_yaml(path)
    with pytest.raises(UserError, match=re.escape(f"{tmp_path / 'none.yaml'}: cannot be read: No such file")):
        read_yaml(tmp_path / "none.yaml")


@pytest.mark.parametrize("command", ["fit", "pipeline", "curate", "plan", "check", "evaluate", "tiny"])
@pytest.mark.parametrize("text", [bomb(), "a: &a [1, *a]", "[" * 3000 + "]" * 3000], ids=["bomb", "loop", "deep"])
def test_every_command_refuses_it_in_a_line(tmp_path, capsys, command, text):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    assert main([command, "--config", str(path)]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith(f"revisual {command}: ") and "config.yaml: " in line and len(line) < 300


def test_a_section_in_a_file_of_its_own_too(tmp_path, capsys):
    (tmp_path / "trainer.yaml").write_text(bomb())
    (tmp_path / "config.yaml").write_text(f"trainer: {tmp_path / 'trainer.yaml'}\n")
    assert main(["fit", "--config", str(tmp_path / "config.yaml")]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "its aliases stand for" in line
