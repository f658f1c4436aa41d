"""The table of renamed keys, and where it is used: configs, options and the config.yaml of checkpoints."""

import pytest
import yaml

from revisual.cli.export import policy_loader
from revisual.cli.main import main
from revisual.config import renamed
from revisual.config.parts import EVERYTHING
from revisual.core.discovery import import_modules

POLICY = {"class_path": "PretrainedPolicy", "init_args": {"path": "x"}}


@pytest.fixture
def keys(monkeypatch):
    """Two keys under names that they never had, whatever the table holds."""
    names = {"model.init_args.keim": "model.init_args.updates_per_rollout"}
    monkeypatch.setitem(renamed.KEYS, *names.popitem())
    monkeypatch.setitem(renamed.KEYS, "model.init_args.policy.init_args.pfad", "model.init_args.policy.init_args.path")
    monkeypatch.setitem(renamed.GONE, "model.init_args.stueckzahl", "set model.init_args.updates_per_rollout")


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
    path = config(tmp_path, keim=3, stueckzahl=7, advantage={"class_path": "MeanCentred"})
    found = printed(capsys, f"--config={path}")
    assert found["updates_per_rollout"] == 3 and found["advantage"]["class_path"].endswith(".MeanCentered")
    told = [record.getMessage() for record in caplog.records if record.name == "revisual"]
    assert told == [
        "MeanCentred is called MeanCentered now; the old name works for one more release",
        "model.init_args.keim is called model.init_args.updates_per_rollout now; the old name works for one more "
        "release",
        "model.init_args.stueckzahl is not used any more: set model.init_args.updates_per_rollout",
    ]


def test_as_an_option(tmp_path, capsys, keys):
    words = ["--model.init_args.keim=5", "--model.stueckzahl", "4", "--model.advantage=GroupNormalised"]
    found = printed(capsys, f"--config={config(tmp_path)}", *words)
    assert found["updates_per_rollout"] == 5 and found["advantage"]["class_path"].endswith(".GroupNormalized")


def test_in_the_config_of_a_checkpoint(tmp_path, policy_folder, keys):
    policy = {"class_path": "revisual.policies.pretrained.PretrainedPolicy", "init_args": {"pfad": str(policy_folder)}}
    path = config(tmp_path, policy=policy)
    assert policy_loader(path).path == str(policy_folder)


def test_twice_is_one_line_with_the_file(tmp_path, capsys, keys):
    path = config(tmp_path, keim=3, updates_per_rollout=4)
    assert main(["fit", f"--config={path}"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        f"revisual fit: {path}: model.init_args.updates_per_rollout: is given twice, also under its old name "
        "model.init_args.keim"
    )


LAST_RELEASE = {
    "advantage": "GroupNormalised",
    "filter": {"class_path": "PowerSampling", "init_args": {"power": 2.0}},
    "loss": {"class_path": "ClippedLoss", "init_args": {"kl": {"class_path": "K2"}}},
    "kl": {"class_path": "Constant", "init_args": {"value": 0.25}},
    "entropy": {"class_path": "Constant", "init_args": {"value": 0.5}},
    "group_size": 3,
    "max_new_tokens": 17,
    "micro_batches": 4,
    "epochs": 1,
    "temperature": 0.75,
    "top_p": 0.875,
    "validation": None,
    "test": {"sampled": {"n": 2}},
    "parity": {"every": 7, "rows": 3},
}
"""What `GRPOModule` was configured by."""


def test_a_config_of_the_last_release_is_understood(tmp_path, capsys):
    found = printed(capsys, f"--config={config(tmp_path, **LAST_RELEASE)}")
    given = {"group_size": 3, "max_new_tokens": 17, "temperature": 0.75, "top_p": 0.875}
    assert found["sampling"] == given | {"informative_groups": None}
    assert found["advantage_filter"]["class_path"].endswith(".PowerSampling")
    assert found["loss"]["init_args"]["kl_estimator"]["class_path"].endswith(".K2")
    assert found["kl_coef"]["init_args"] == {"value": 0.25} and found["entropy_coef"]["init_args"] == {"value": 0.5}
    assert found["eval_sampling"]["test"]["sampled"]["n"] == 2 and found["eval_sampling"]["validation"] is None
    assert found["engine_check"]["every"] == 7
    assert found["engine_check"]["num_rollouts"] == 3
    keys = {name.removeprefix("model.init_args.") for name in [*renamed.KEYS, *renamed.GONE]}
    assert keys - {"loss.init_args.kl", "parity.rows", "engine_check.rows"} <= set(LAST_RELEASE), (
        "every key of the table is tried"
    )


def test_new_classes_of_the_table_are_there_and_old_ones_are_not():
    known = {
        one.__name__ for module in import_modules(EVERYTHING) for one in vars(module).values() if isinstance(one, type)
    }
    assert set(renamed.CLASSES.values()) <= known and not set(renamed.CLASSES) & known
