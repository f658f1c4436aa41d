"""Algorithms by name: each overlay as it is, on a tiny policy, and what tells them apart."""

import json

import pytest
import yaml

from revisual.cli.main import main

from .shipped import CONFIGS

ALGORITHMS = sorted((CONFIGS / "algorithm").glob("*.yaml"))


def settings(path):
    return yaml.safe_load(path.read_text())["model"]["init_args"]


def base(home, policy_folder):
    """A run of two rollout steps with two updates each, as other overlays may have left it."""
    rows = [{"id": str(k), "question": f"What is {k} + 1?", "answer": str(k + 1)} for k in range(4)]
    (home / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    trainer = {
        "accelerator": "cpu", "devices": 1, "max_steps": 4, "max_epochs": -1, "logger": False,
        "default_root_dir": str(home / "run"), "enable_checkpointing": False, "enable_progress_bar": False,
    }  # fmt: skip
    model = {
        "policy": {"class_path": "PretrainedPolicy", "init_args": {"path": str(policy_folder)}},
        "sampling": {"group_size": 2, "max_new_tokens": 4},
        "updates_per_rollout": 2,
        "loss": {"class_path": "ClippedLoss", "init_args": {"clip_high": 0.28, "dual_clip": 3.0}},
        "advantage_filter": {"class_path": "PrioritizedAdvantageDistillation", "init_args": {"ratio": 0.5}},
    }
    reader = {"class_path": "JSONLReader", "init_args": {"path": "data.jsonl", "source": "sums"}}
    data = {"root": str(home), "batch_size": 2, "train": [reader]}
    config = {
        "trainer": trainer,
        "model": {"class_path": "GRPOModule", "init_args": model},
        "data": {"class_path": "PromptDataModule", "init_args": data},
    }
    (home / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    return home / "config.yaml"


@pytest.mark.parametrize("path", ALGORITHMS, ids=lambda path: path.stem)
def test_two_rollout_steps(path, tmp_path, policy_folder):
    assert main(["fit", "--config", str(base(tmp_path, policy_folder)), "--config", str(path)]) == 0
    kept = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())["model"]["init_args"]
    for name, wanted in settings(path).items():
        wanted = {"class_path": wanted, "init_args": {}} if isinstance(wanted, str) else wanted
        assert kept[name]["class_path"].rpartition(".")[2] == wanted["class_path"]
        plain = {key: value for key, value in wanted["init_args"].items() if not isinstance(value, (str, dict))}
        assert plain.items() <= kept[name].get("init_args", {}).items()


def test_each_says_all_that_makes_an_algorithm():
    keys = {"advantage", "advantage_filter", "loss", "kl_coef", "entropy_coef"}
    assert len(ALGORITHMS) == 8 and all(settings(path).keys() == keys for path in ALGORITHMS)


def test_no_two_are_the_same():
    assert len({yaml.safe_dump(settings(path)) for path in ALGORITHMS}) == len(ALGORITHMS)
