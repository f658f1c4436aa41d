"""What all commands have in common."""

import os
import signal
from importlib import import_module

import pytest
import yaml

from revisual.cli.command import GOES_ON, Command, FunctionCommand
from revisual.core.errors import UserError

ENTRY = import_module("revisual.cli.main")  # the package has a function of that name
CALLS = []


def paint(file: str, *, color: str, coats: int = 1, dry: bool = False) -> int | None:
    """Paint a picture.

    More of what it does.

    Args:
        file: the picture.
        color: of the paint.
        coats: how many.
        dry: paint without paint.
    """
    CALLS.append((file, color, coats, dry))
    if color == "none":
        raise UserError("color: none is left")
    if color == "slow":
        os.kill(os.getpid(), signal.SIGTERM)
    return coats if coats > 1 else None


@pytest.fixture
def run(monkeypatch):
    """Runs `paint` as `revisual fit` would be."""
    CALLS.clear()

    class Module:
        COMMAND = FunctionCommand(paint, interrupted=GOES_ON)

    monkeypatch.setattr(ENTRY, "import_module", lambda name: Module)
    return lambda *words: ENTRY.main(["tiny", *words])


def test_arguments_are_options_and_words(run, tmp_path):
    assert run("a.png", "--color", "red", "--dry") == 0
    (tmp_path / "c.yaml").write_text(yaml.safe_dump({"color": "blue"}))
    assert run("b.png", f"--config={tmp_path / 'c.yaml'}") == 0
    assert CALLS == [("a.png", "red", 1, True), ("b.png", "blue", 1, False)]


def test_what_it_returns_is_the_exit_status(run):
    assert run("a", "--color=red", "--coats=3") == 3


def test_bad_input_is_one_line(run, capsys):
    for words, told in [
        (["a", "--color=none"], "color: none is left"),
        (["a", "--color=red", "--coats=many"], "coats: expected int, got 'many'"),
        (["a", "--colour=red"], "colour"),
        (["a", "--color=red", "--coat=2"], "--coat=2"),
    ]:
        assert run(*words) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("revisual tiny: ") and told in line


def test_an_interruption_is_one_line(run, capsys):
    before = signal.getsignal(signal.SIGTERM)
    assert run("a", "--color=slow") == 128 + signal.SIGTERM
    assert capsys.readouterr().err == "revisual tiny: interrupted; the same command goes on from here\n"
    assert signal.getsignal(signal.SIGTERM) == before


def test_help_is_the_docstring(run, capsys):
    with pytest.raises(SystemExit) as end:
        run("--help")
    text = " ".join(capsys.readouterr().out.split())
    assert not end.value.code and "More of what it does." in text and "how many. (type: int, default: 1)" in text


def test_every_command_is_one():
    for name, (module, _) in ENTRY.COMMANDS.items():
        assert isinstance(import_module(f"revisual.cli.{module}").COMMAND, Command), name
