"""`revisual schema` prints what an editor reads."""

import json

from jsonschema import Draft202012Validator

from revisual.cli.main import main


def test_it_prints_a_schema(capsys):
    assert main(["schema", "tiny"]) == 0
    printed = json.loads(capsys.readouterr().out)
    validator = Draft202012Validator(printed)
    assert validator.is_valid({"out": "a", "seed": 3}) and not validator.is_valid({"out": "a", "seed": "three"})


def test_an_unknown_command_is_one_line(capsys):
    assert main(["schema", "tyni"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "no command 'tyni'" in line and "tiny" in line
