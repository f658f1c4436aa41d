"""The command line before any command: help, and mistakes."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from revisual import __version__
from revisual.cli.main import COMMANDS, main

EVALUATION = Path(__file__).parents[2] / "configs/real_sample/evaluation.yaml"
HEAVY = ("torch", "lightning", "transformers", "jsonargparse", "datasets")


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("args", [[], ["--help"], ["-h"], ["--version"], ["fti"]])
def test_help_imports_nothing_heavy(args):
    code = f"import sys; from revisual.cli.main import main; main({args}); print(*sys.modules, sep='\\n')"
    done = python(code)
    assert done.returncode == 0, done.stderr
    assert not set(HEAVY) & set(done.stdout.splitlines())


def test_help_lists_every_command(capsys):
    assert main(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(any(line.startswith(f"  {name} ") for line in lines) for name in COMMANDS)


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"revisual {__version__}\n"


@pytest.mark.parametrize("args", [["fti"], ["--config", "a.yaml"], [""]])
def test_unknown_command_is_one_line(args, capsys):
    assert main(args) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert repr(args[0]) in line and "fit" in line and not captured.out


def test_a_process_ends_with_the_status():
    done = subprocess.run([sys.executable, "-m", "revisual", "fti"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("command", "options", "named"),
    [
        ("test", ["--trainer.devicez=1"], "devicez"),
        ("test", ["--trainer.max_steps=many"], "max_steps"),
        ("test", ["--model.init_args.policy.init_args.pathh=a"], "pathh"),
        ("test", ["--model.init_args.max_new_tokens=long"], "max_new_tokens"),
        ("test", ["--model=SFTModul"], "SFTModul"),
        ("test", ["--model.init_args.policy.init_args.path=no/such/folder"], "no/such/folder"),
        ("test", ["--config=missing.yaml"], "missing.yaml"),
        ("tiny", ["--outt=a"], "outt"),
        ("tiny", ["--out=a", "--seed=x", "--data=[]"], "seed"),
        ("tiny", ["--out=a", "--data=[{class_path: ArithmeticTusk}]"], "ArithmeticTusk"),
        ("pipeline", ["--out=a", "--stages=[]", "--start=a", "--seeed=1"], "seeed"),
        ("pipeline", ["--out=a", "--stages=[]", "--seed=x"], "seed"),
    ],
)
def test_mistake_is_one_line_that_names_it(command, options, named, capsys):
    config = [f"--config={EVALUATION}"] if command == "test" else []
    assert main([command, *config, *options]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line != "INFO: Seed set to 0"]
    assert len(lines) == 1 and lines[0].startswith(f"revisual {command}: ") and named in lines[0]


def test_broken_yaml_is_one_line(tmp_path, capsys):
    path = tmp_path / "broken.yaml"
    path.write_text("trainer: {devices: 1\n")
    with pytest.raises(yaml.YAMLError):
        yaml.safe_load(path.read_text())
    assert main(["test", f"--config={path}"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
