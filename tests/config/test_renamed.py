"""The table of renamed keys, and where it is used: configs, options and the config.yaml of checkpoints."""

import json

import pytest
import yaml

from revisual.cli.export import policy_loader
from revisual.cli.main import main
from revisual.config import renamed

POLICY = {"class_path": "PretrainedPolicy", "init_args": {"path": "x"}}


@pytest.fixture
def keys(monkeypatch):
    """Two keys under names that they never had, whatever the table holds."""
    names = {"model.init_args.gruppengroesse": "model.init_args.group_size"}
    monkeypatch.setitem(renamed.KEYS, *names.popitem())
    monkeypatch.setitem(renamed.KEYS, "model.init_args.policy.init_args.pfad", "model.init_args.policy.init_args.path")
    monkeypatch.setitem(renamed.GONE, "model.init_args.stueckzahl", "set model.init_args.group_size")


def config(tmp_path, **init_args):
    path = tmp_path / "config.yaml"
    content = {"class_path": "GRPOModule", "init_args": {"policy": POLICY, **init_args}}
    path.write_text(yaml.safe_dump({"model": content, "data": {"class_path": "PromptDataModule"}}))
    return path


def printed(capsys, *words):
    with pytest.raises(SystemExit):
        main(["fit", *words, "--print_config"])
    return yaml.safe_load(capsys.readouterr().out)["model"]["init_args"]


def test_in_a_config(tmp_path, capsys, caplog, keys):
    path = config(tmp_path, gruppengroesse=3, stueckzahl=7, advantage={"class_path": "MeanCentred"})
    found = printed(capsys, f"--config={path}")
    assert found["group_size"] == 3 and found["advantage"]["class_path"].endswith(".MeanCentered")
    told = [record.getMessage() for record in caplog.records if record.name == "revisual"]
    assert told == [
        "MeanCentred is called MeanCentered now; the old name works for one more release",
        "model.init_args.gruppengroesse is called model.init_args.group_size now; the old name works for one more "
        "release",
        "model.init_args.stueckzahl is not used any more: set model.init_args.group_size",
    ]


def test_as_an_option(tmp_path, capsys, keys):
    words = ["--model.init_args.gruppengroesse=5", "--model.stueckzahl", "4", "--model.advantage=GroupNormalised"]
    found = printed(capsys, f"--config={config(tmp_path)}", *words)
    assert found["group_size"] == 5 and found["advantage"]["class_path"].endswith(".GroupNormalized")


def test_in_the_config_of_a_checkpoint(tmp_path, policy_folder, keys):
    policy = {"class_path": "revisual.policies.pretrained.PretrainedPolicy", "init_args": {"pfad": str(policy_folder)}}
    path = config(tmp_path, policy=policy)
    assert policy_loader(path).path == str(policy_folder)


def test_twice_is_one_line_with_the_file(tmp_path, capsys, keys):
    path = config(tmp_path, gruppengroesse=3, group_size=4)
    assert main(["fit", f"--config={path}"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        "revisual fit: config.yaml: model.init_args.group_size: is given twice, also under its old name "
        "model.init_args.gruppengroesse"
    )


def test_new_names_of_the_table_are_real(capsys):
    """A renamed key or class that does not exist would send its user from one error to another."""
    with pytest.raises(SystemExit):
        main(["fit", "--model.help=GRPOModule"])
    help_text = capsys.readouterr().out
    for new in renamed.KEYS.values():
        if new.startswith("model.init_args.") and new.count(".") == 2:
            assert f"--model.{new.rpartition('.')[2]}" in help_text or f"--{new}" in help_text, new
    from revisual.config.parts import EVERYTHING
    from revisual.core.discovery import find_subclasses

    known = {one.__name__ for one in find_subclasses(object, EVERYTHING)}
    assert set(renamed.CLASSES.values()) <= known and not set(renamed.CLASSES) & known, json.dumps(sorted(known))
