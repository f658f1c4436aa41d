"""Weights through files, and their checksums."""

import pytest
import torch
from models.families.helpers import tiny_folder

from revisual.core.errors import UserError
from revisual.models.checksums import checksum
from revisual.models.policy import PretrainedPolicy
from revisual.models.sharding import full_tensors
from revisual.rollout.weight_sync import (
    published_weights,
    read_weights,
    require_loaded,
    require_names,
    require_received,
    weight_names,
    write_weights,
)


def test_names_are_those_of_the_plain_model(policy, policy_folder, processor):
    from models.test_parts import random_adapter

    names = set(policy.state_dict())
    assert weight_names(policy) == names and "lm_head.weight" in names
    assert weight_names(random_adapter(policy_folder, processor)) == names


def test_names_are_those_of_published_files(tmp_path):
    """Where the model has others, as the tower of a Gemma 3 has."""
    loader = PretrainedPolicy(str(tiny_folder("gemma3", tmp_path / "tiny")))
    policy = loader.load(loader.load_processor())
    sent = dict(published_weights(policy, full_tensors(policy)))
    assert sent.keys() == weight_names(policy)
    tower = {name for name in sent if name.startswith("model.vision_tower.")}
    assert tower and all(name.startswith("model.vision_tower.vision_model.") for name in tower)
    assert torch.equal(sent["lm_head.weight"], policy.lm_head.weight)


def test_experts_are_those_of_published_files(tmp_path):
    """As transformers writes GLM-4.5V; Qwen3-VL's are published with rows and columns the other way round."""
    from transformers.core_model_loading import revert_weight_conversion

    for family in ("glm4v_moe", "qwen3_vl_moe"):
        loader = PretrainedPolicy(str(tiny_folder(family, tmp_path / family)))
        policy = loader.load(loader.load_processor())
        sent = dict(published_weights(policy, full_tensors(policy)))
        experts = {name: weight for name, weight in full_tensors(policy) if ".experts." in name}
        assert sent.keys() == weight_names(policy)
        if family == "glm4v_moe":
            expected = revert_weight_conversion(policy, experts)
            assert len(expected) == 3 * 4 and expected.keys() == {name for name in sent if ".experts." in name}
        else:
            expected = {name: weight.transpose(1, 2) for name, weight in experts.items()}
            assert len(expected) == 2 * 2
        assert all(torch.equal(sent[name], weight) for name, weight in expected.items())


def test_weights_through_files(policy, tmp_path):
    sent = dict(policy.state_dict())
    checksums = write_weights(sent.items(), tmp_path / "weights", file_bytes=50_000)
    assert len(list((tmp_path / "weights").iterdir())) > 3
    back = dict(read_weights(tmp_path / "weights"))
    assert back.keys() == sent.keys() == checksums.keys()  # the tied head as a tensor of its own
    assert all(torch.equal(back[name], tensor) and checksum(tensor) == checksums[name] for name, tensor in sent.items())


def test_weights_that_cannot_be_written(policy, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write the weights for the rollouts' engine to"):
        write_weights(policy.state_dict().items(), tmp_path / "file" / "weights")


def test_what_is_missing_is_named():
    names = [f"w{i}" for i in range(6)]
    require_names(names, reversed(names))
    with pytest.raises(UserError, match="w0, w1, w2 and 1 more not sent"):
        require_names(names, names[4:])
    with pytest.raises(UserError, match="the policy has no w5"):
        require_names(names[:5], names)
    require_received({"a": "1"}, {"a": "1"})
    for received in ({}, {"a": "2"}, {"a": "1", "b": "3"}):
        with pytest.raises(UserError, match=r"it did not get [ab] as sent"):
            require_received({"a": "1"}, received)
    require_loaded([])
    with pytest.raises(UserError, match="its norm got nothing"):
        require_loaded(["norm"])
