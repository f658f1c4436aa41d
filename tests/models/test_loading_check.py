"""A policy with weights that are missing, surplus, misshapen or no numbers is refused."""

import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from revisual.core.errors import UserError
from revisual.models.export import export_policy
from revisual.models.policy import PretrainedPolicy

NAME = "model.language_model.layers.0.mlp.down_proj.weight"


@pytest.fixture
def folder(policy_folder, tmp_path):
    return shutil.copytree(policy_folder, tmp_path / "policy")


def load(folder):
    loader = PretrainedPolicy(str(folder))
    return loader.load(loader.load_processor())


def change(folder, edit):
    path = folder / "model.safetensors"
    weights = load_file(path)
    name = next(name for name in weights if name.endswith("layers.0.mlp.down_proj.weight"))
    edit(weights, name)
    save_file(weights, path, {"format": "pt"})


def drop(weights, name):
    del weights[name]


def add(weights, name):
    weights[name.replace("layers.0", "layers.7")] = weights[name].clone()


def reshape(weights, name):
    weights[name] = weights[name][:-1].contiguous()


def spoil(value):
    def edit(weights, name):
        weights[name][0, 0] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (drop, rf"lacks weights: {NAME}"),
        (add, r"weights are more than its config has: .*layers\.7\.mlp\.down_proj\.weight"),
        (reshape, rf"weights have another shape: {NAME} \(\d+ x \d+ in the file, \d+ x \d+ by its config\)"),
        (spoil(float("nan")), rf"weights are not finite: {NAME}"),
        (spoil(float("-inf")), rf"weights are not finite: {NAME}"),
    ],
)
def test_a_faulty_policy_is_refused(folder, edit, message):
    assert load(folder)
    change(folder, edit)
    with pytest.raises(UserError, match=message) as caught:
        load(folder)
    assert "\n" not in str(caught.value)


def test_weights_that_are_no_numbers_are_not_exported(folder, processor, tmp_path):
    policy = load(folder)
    with torch.no_grad():
        policy.get_parameter(NAME)[0, 0] = float("inf")
    with pytest.raises(UserError, match=f"is not written: weights are not finite: {NAME}"):
        export_policy(policy, processor, tmp_path / "out")
    assert not (tmp_path / "out").exists()
