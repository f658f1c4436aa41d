"""Families by the configs of their models."""

import pytest
from transformers import LlamaConfig, LlavaConfig, Qwen2_5_VLConfig, Qwen2Config, Qwen2VLConfig, Qwen3VLConfig

from revisual.core.errors import UserError
from revisual.models.families.find import family_named, find_family, known_families
from revisual.models.families.generic import Generic


@pytest.mark.parametrize("config", [Qwen2VLConfig, Qwen2_5_VLConfig, Qwen3VLConfig, Qwen2Config, LlamaConfig])
def test_a_known_model_has_a_family_that_names_it(config):
    family = find_family(config())
    assert config.model_type in family.model_types
    assert family_named(config.model_type) is family


def test_an_unknown_model_has_the_generic_family():
    assert type(find_family(LlavaConfig())) is Generic
    assert not any(isinstance(family, Generic) and not family.model_types for family in known_families())


def test_no_two_families_name_the_same_model():
    names = [name for family in known_families() for name in family.model_types]
    assert len(names) == len(set(names)) > 5


def test_a_name_that_none_has_is_one_line():
    with pytest.raises(UserError, match=r"^bert: no such family of models; there are .*qwen2_5_vl") as caught:
        family_named("bert")
    assert "\n" not in str(caught.value)
