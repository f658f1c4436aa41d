"""What cannot work is refused in one line; what is not known falls to the generic family."""

import pytest
import torch
from transformers import (
    CONFIG_MAPPING,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    Gemma3Config,
    Gemma4Config,
    Gemma4UnifiedConfig,
    InternVLConfig,
    LlavaConfig,
    PaliGemmaConfig,
    Qwen2_5_VLConfig,
    Qwen3_5Config,
    Qwen3NextConfig,
)

from models.families.helpers import PADDED
from revisual.core.errors import UserError
from revisual.data.picture_sizes import resize_to_patches
from revisual.models.families import ModelFamily, family_named, find_family
from revisual.models.families.generic import Generic
from revisual.models.policy import PretrainedPolicy


@pytest.mark.parametrize("family", PADDED)
def test_rows_that_cannot_be_packed_are_refused(made, family):
    tiny = made(family)
    with pytest.raises(UserError, match=f"packed: true: rows of {family} cannot be packed") as caught:
        tiny.policy(packed=True)
    assert "\n" not in str(caught.value)


def test_a_sliding_window_is_not_packed(made):
    """A layout says nothing of windows: packed rows would see further than the model does."""
    config = made("qwen2").policy().config
    assert find_family(config).packs(config)
    config.layer_types = ["full_attention", "sliding_attention"]
    assert not find_family(config).packs(config)


@pytest.mark.parametrize(("text", "packs"), [("qwen3", True), ("llama", True), ("gpt_oss", False), ("gemma2", False)])
def test_a_language_model_within_that_was_not_tried_is_not_packed(text, packs):
    config = InternVLConfig(text_config=CONFIG_MAPPING[text]())
    assert find_family(config).packs(config) is packs


@pytest.mark.parametrize(
    ("config", "auto_class", "reason"),
    [
        (PaliGemmaConfig(), AutoModelForImageTextToText, "its forward takes token_type_ids"),
        (Gemma4Config(), AutoModelForImageTextToText, None),
        (Gemma4UnifiedConfig(), AutoModelForImageTextToText, "its forward takes image_position_ids"),
        (Gemma3Config(), AutoModelForImageTextToText, None),
        (Qwen3_5Config(), AutoModelForImageTextToText, None),
        (Qwen3NextConfig(), AutoModelForCausalLM, "linear_attention keep a state"),
        (LlavaConfig(), AutoModelForImageTextToText, None),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "model_type") else "",
)
def test_silently_wrong_models_are_refused(config, auto_class, reason):
    config.get_text_config().num_hidden_layers = 4
    with torch.device("meta"):
        model = auto_class.from_config(config)
    found = find_family(config).refuses(model)
    assert (found is None) if reason is None else (reason in found)


def test_an_unknown_model_is_generic_and_padded():
    assert isinstance(find_family(LlavaConfig()), Generic) and not find_family(LlavaConfig()).packs(LlavaConfig())
    assert not isinstance(find_family(Qwen2_5_VLConfig()), Generic)


def test_a_new_family_is_found(monkeypatch):
    from revisual.models.families import find

    class Own(Generic):
        model_types = ("own",)

    monkeypatch.setattr(find, "find_subclasses", lambda base, _: [Own] if base is ModelFamily else [])
    find.known_families.cache_clear()
    try:
        assert isinstance(family_named("own"), Own)
    finally:
        monkeypatch.undo()
        find.known_families.cache_clear()
    with pytest.raises(UserError, match=r"own: no such family of models; there are .*qwen3_vl"):
        family_named("own")


def test_pictures_for_a_language_model_are_one_line(made, mixed_samples):
    encoder = made("qwen2").encoder
    for encode in (encoder.encode, encoder.prompt_tokens):
        with pytest.raises(UserError, match=r"sample one: .*reads text alone"):
            encode(mixed_samples[0])
    with pytest.raises(UserError, match="min_pixels"):
        PretrainedPolicy(str(made("qwen2").folder), min_pixels=100).load_processor()


@pytest.mark.parametrize("family", ["qwen2_5_vl", "qwen3_vl"])
def test_pictures_get_the_processors_size(made, family):
    """Sizes and numbers of tokens are those of the stock image processor."""
    from conftest import picture

    encoder = made(family).encoder
    images = encoder.processor.image_processor
    for width, height in [(40, 30), (300, 20), (17, 400), (112, 56), (500, 400)]:
        size = encoder.pictures.fit_size(encoder.processor, (width, height))
        grid = images(images=[picture(*size)], return_tensors="pt")["image_grid_thw"][0]
        assert (int(grid[2]) * images.patch_size, int(grid[1]) * images.patch_size) == size
        counted = encoder.pictures.count_tokens(encoder.processor, [size])
        assert list(counted) == [int(grid.prod()) // images.merge_size**2]


def test_sizes_are_transformers():
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize

    generator = torch.Generator().manual_seed(0)
    for width, height in torch.randint(5, 900, (300, 2), generator=generator).tolist():
        for factor, least, most in ((28, 3136, 100352), (32, 65536, 100000), (28, 784, 12544)):
            expected = smart_resize(height, width, factor, least, most)[::-1]
            assert resize_to_patches(width, height, factor, least, most) == expected
    with pytest.raises(ValueError, match="aspect ratio"):
        resize_to_patches(1000, 4, 28, 784, 12544)
