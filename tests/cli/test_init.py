"""`revisual init`: templates that are found by folder, and copies of them that work."""

import shutil

import pytest

from revisual.cli.init import find_templates, shipped_configs
from revisual.cli.main import main

TEMPLATES = find_templates(shipped_configs())
TRAINING = ("sft", "grpo")


def test_they_are_listed(capsys):
    assert main(["init"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(TEMPLATES)
    assert {*TRAINING, "evaluate", "revisual_r1/7b"} <= TEMPLATES.keys()
    assert all(len(line.split()) > 3 for line in lines)


@pytest.mark.parametrize("name", TRAINING)
def test_a_copy_is_sound(name, policy_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["init", f"--template={name}", "--out=mine"]) == 0
    assert f"next: cd mine && revisual check --config {name}.yaml" in capsys.readouterr().out
    monkeypatch.chdir(tmp_path / "mine")
    own = [f"--model.init_args.policy.init_args.path={policy_folder}", "--trainer.accelerator=cpu"]
    assert main(["check", "--config", f"{name}.yaml", *own]) == 0
    out = capsys.readouterr().out
    assert "all is well" in out and "data/train.jsonl: all 4 samples" in out and "look at this" not in out
    assert ("4 with pictures" in out) is (name == "grpo")


def test_the_evaluation_too(policy_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["init", "--template=evaluate"]) == 0
    monkeypatch.chdir(tmp_path / "evaluate")
    words = ["--config=evaluate.yaml", f"--model={policy_folder}", "--out=out/mine", "--max_tokens=4"]
    assert main(["evaluate", *words]) == 0 and (tmp_path / "evaluate" / "out" / "mine" / "report.html").is_file()


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name not in (*TRAINING, "evaluate")])
def test_a_copy_has_what_it_names(name, tmp_path):
    """What a config takes from elsewhere is there as well, at the same place."""
    assert main(["init", f"--template={name}", f"--out={tmp_path / 'mine'}"]) == 0
    for path in TEMPLATES[name].rglob("*.yaml"):
        copy = tmp_path / "mine" / path.relative_to(shipped_configs())
        assert copy.read_text() == path.read_text().replace("configs/", "")
        for word in path.read_text().split():
            word = word.strip("[],'\"")
            if word.startswith("configs/") and word.endswith(".yaml") and (shipped_configs().parent / word).is_file():
                assert (tmp_path / "mine" / word.removeprefix("configs/")).is_file(), word
            if word.startswith("../") and word.endswith(".yaml"):
                assert (copy.parent / word).is_file(), word


def test_mistakes_are_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["init", "--template=stf"]) == 2
    assert "no template 'stf'; there are: " in capsys.readouterr().err
    (tmp_path / "sft").mkdir()
    (tmp_path / "sft" / "thesis.txt").write_text("years")
    assert main(["init", "--template=sft"]) == 2 and "sft: is there already" in capsys.readouterr().err
    shutil.rmtree(tmp_path / "sft")
    assert main(["init", "--template=sft"]) == 0
