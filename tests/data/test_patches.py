"""Patches are made once while they are kept, and never mixed up."""

from dataclasses import replace

import torch

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


def test_another_prompt_of_the_same_id_gets_its_own(encoder, mixed_prompts):
    a, b = [prompt for prompt in mixed_prompts if prompt.pictures][:2]
    store = PatchStore(Made(encoder))
    kept = store(a)["pixel_values"]
    other = store(replace(b, id=a.id))["pixel_values"]
    expected = encoder.processor.image_processor(images=list(b.pictures), return_tensors="pt")["pixel_values"]
    assert torch.equal(other, expected) and not torch.equal(other[:1], kept[:1])
    assert store._bytes == other.numel() * 4


def test_what_was_asked_for_longest_ago_is_let_go(encoder, mixed_prompts):
    pictured = [prompt for prompt in mixed_prompts if prompt.pictures]
    made = Made(encoder)
    biggest = max(size(made(prompt)) for prompt in pictured)
    made.ids.clear()
    store = PatchStore(made, limit=biggest)
    for prompt in [*pictured, *pictured]:
        assert store(prompt)["pixel_values"].shape[1] > 0
        assert store._bytes <= biggest
    assert len(made.ids) > len(pictured)
