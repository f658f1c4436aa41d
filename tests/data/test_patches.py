"""Patches are made once while they are kept, and never mixed up."""

import gc
from dataclasses import replace

import torch

from revisual.data.encoding import PromptEncoder
from revisual.data.patches import PatchStore, size


class Made:
    def __init__(self, encoder):
        self.encoder, self.ids = encoder, []

    def __call__(self, prompt):
        self.ids.append(prompt.id)
        features = self.encoder.processor.image_processor(images=list(prompt.pictures), return_tensors="pt")
        return {"pixel_values": features["pixel_values"]}


def test_patches_are_made_once_for_rollouts_and_update(encoder, mixed_prompts):
    pictured = [prompt for prompt in mixed_prompts if prompt.pictures]
    made = Made(encoder)
    store = PatchStore(made)
    first = [store(prompt) for prompt in pictured]
    assert all(store(prompt) is patches for prompt, patches in zip(pictured, first, strict=True))
    assert made.ids == [prompt.id for prompt in pictured]


def test_more_than_fits_is_made_anew_and_the_rest_stays(encoder, mixed_prompts):
    pictured = [prompt for prompt in mixed_prompts if prompt.pictures]
    made = Made(encoder)
    sizes = [size(made(prompt)) for prompt in pictured]
    made.ids.clear()
    store = PatchStore(made, limit=sum(sizes) - 1)
    for prompt in pictured * 3:  # a cycle, as a step's passes are
        assert store(prompt)["pixel_values"].shape[1] > 0
        assert store.bytes <= sum(sizes) - 1
    assert len(made.ids) < 2 * len(pictured)


def test_another_prompt_of_the_same_id_gets_its_own(encoder, mixed_prompts):
    a, b = [prompt for prompt in mixed_prompts if prompt.pictures][:2]
    store = PatchStore(Made(encoder))
    kept = store(a)["pixel_values"]
    other = store(replace(b, id=a.id))["pixel_values"]
    expected = encoder.processor.image_processor(images=list(b.pictures), return_tensors="pt")["pixel_values"]
    assert torch.equal(other, expected) and not torch.equal(other[:1], kept[:1])


def test_patches_go_with_their_prompt(encoder, mixed_samples):
    store = PatchStore(Made(encoder))
    batch = [encoder.encode(sample) for sample in mixed_samples if sample.images]
    for prompt in batch:
        store(prompt)
    assert store.bytes > 0
    del batch, prompt
    gc.collect()
    assert store.bytes == 0 and not store._kept


def test_patches_in_half_change_nothing_where_half_is_computed(policy, processor, mixed_prompts):
    prompt = next(prompt for prompt in mixed_prompts if prompt.pictures)
    features = []
    for half in (False, True):
        patches = PromptEncoder(processor, None, half_patches=half).vision_inputs(prompt)
        assert patches["pixel_values"].dtype == (torch.bfloat16 if half else torch.float32)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            features.append(policy.model.get_image_features(**patches).pooler_output[0])
    assert torch.equal(features[0], features[1])
