"""What Qwen's models of pictures and text share: the halves of their processors, and their tiny configs."""

import pytest
from conftest import SMALL
from transformers import Qwen2VLProcessor, Qwen3VLProcessor

from revisual.models.families import family_named
from revisual.models.families.qwen import QwenFamily

FAMILIES = ["qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_vl_moe", "qwen3_5", "qwen3_5_moe"]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_tiny_config_is_of_its_family(name):
    family = family_named(name)
    config = family.tiny_config(SMALL, name, lambda token: len(token))
    assert isinstance(family, QwenFamily) and family.matches(config) and config.model_type == name
    text, tower = config.get_text_config(), config.vision_config
    assert (text.hidden_size, text.num_hidden_layers, tower.depth) == (SMALL.hidden, SMALL.layers, SMALL.vision_depth)
    assert getattr(text, "num_experts", None) == (4 if name.endswith("_moe") else None)
    assert family.packs(config) == (not name.startswith("qwen3_5"))


def test_processors_are_told_apart_by_the_models_type():
    assert family_named("qwen2_vl").processor_class("qwen2_vl") is Qwen2VLProcessor
    assert family_named("qwen2_5_vl").processor_class("qwen2_5_vl").__name__ == "Qwen2_5_VLProcessor"
    assert family_named("qwen3_vl_moe").processor_class("qwen3_vl_moe") is Qwen3VLProcessor
