"""Prompts: how many tokens, where the pictures go."""

import re
from dataclasses import replace

import pytest
import torch
from conftest import picture

from revisual.core.errors import UserError
from revisual.data.encoding import PromptEncoder
from revisual.data.images import ImageSource
from revisual.data.sample import Sample
from revisual.data.system_prompts import REVISUAL_R1_SYSTEM_PROMPT

SIZES = [(28, 28), (1, 1), (5, 90), (56, 84), (100, 101), (112, 112), (113, 113), (640, 480), (333, 1000), (29, 400),
         (10, 1900), (1900, 10), (3, 500), (2000, 2000), (14, 14), (27, 400), (57, 1233)]  # fmt: skip


def sample(*sizes, question="What?"):
    return Sample("s", question, "4", "t", [ImageSource(image=picture(*size)) for size in sizes])


@pytest.mark.parametrize("size", SIZES)
def test_tokens_are_counted_from_sizes(encoder, size):
    for one in (sample(size), sample(size, (56, 56)), sample(size, size, size)):
        prompt = encoder.encode(one)
        assert encoder.prompt_tokens(one) == len(prompt.token_ids)
        placeholders = int((prompt.token_ids == encoder.processor.image_token_id).sum())
        assert placeholders == sum(p.width * p.height // 28**2 for p in prompt.pictures)
        features = encoder.vision_inputs(prompt)
        assert placeholders == int((features["image_grid_thw"].prod(1) // 4).sum())
        assert int(prompt.mm_token_type_ids.sum()) == placeholders
        assert torch.equal(prompt.mm_token_type_ids == 1, prompt.token_ids == encoder.processor.image_token_id)
        assert len(prompt.token_ids) == len(prompt.engine_token_ids) + placeholders - len(one.images)


@pytest.mark.parametrize("size", SIZES)
def test_a_prompts_tokens_are_the_processors(encoder, size, monkeypatch):
    one = sample(size, (56, 84), question="<b>What?</b>")
    pictures = list(encoder.encode(one).pictures)
    encoded = encoder.processor(text=[encoder.render(one)], images=pictures, return_tensors="pt")
    monkeypatch.setattr(type(encoder.processor.image_processor), "preprocess", None)  # no patches are made
    prompt = encoder.encode(one)
    assert torch.equal(prompt.token_ids, encoded["input_ids"][0])
    assert torch.equal(prompt.mm_token_type_ids, encoded["mm_token_type_ids"][0])


@pytest.mark.parametrize("size", SIZES)
def test_pictures_are_not_resized_again(encoder, size):
    """A later processor, vLLM's for one, sees a picture that it leaves alone."""
    (resized,) = encoder.encode(sample(size)).pictures
    features = encoder.processor.image_processor(images=[resized], return_tensors="pt")
    _, rows, columns = features["image_grid_thw"][0].tolist()
    assert (columns * 14, rows * 14) == resized.size


@pytest.mark.parametrize("size", [(2, 900), (900, 2)])
def test_a_needle_is_one_line(encoder, size):
    for count in (encoder.encode, encoder.prompt_tokens):
        with pytest.raises(UserError, match=r"sample s: a picture of \d+ x \d+ pixels: .*aspect ratio"):
            count(sample(size))


def test_the_prompt_is_the_templates(encoder):
    text = encoder.render(sample((28, 28), (28, 28), question="What is 6 * 7?"))
    place = "<|vision_start|><|image_pad|><|vision_end|>"
    assert text == (
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
        f"<|im_start|>user\n{place}{place}What is 6 * 7?<|im_end|>\n<|im_start|>assistant\n"
    )
    decoded = encoder.processor.tokenizer.decode(
        encoder.encode(sample((28, 28), (28, 28), question="What is 6 * 7?")).token_ids
    )
    assert decoded == text  # a picture of 28 x 28 is one token


def test_system_prompt_and_choices(processor):
    asked = replace(sample(question="Which?"), choices=["one", "two"])
    text = PromptEncoder(processor).render(asked)
    assert text.startswith(f"<|im_start|>system\n{REVISUAL_R1_SYSTEM_PROMPT}<|im_end|>\n")
    assert "Which?\nChoices:\nA. one\nB. two<|im_end|>" in text


def test_a_conversation_keeps_its_own_system_turn(processor):
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"},
             {"role": "assistant", "content": "Hi."}, {"role": "user", "content": "6 * 7?"}]  # fmt: skip
    text = PromptEncoder(processor).render(Sample("c", messages=turns))
    assert text.startswith("<|im_start|>system\nBe brief.<|im_end|>\n") and REVISUAL_R1_SYSTEM_PROMPT not in text
    assert text.endswith("<|im_start|>user\n6 * 7?<|im_end|>\n<|im_start|>assistant\n")


def test_pictures_and_places_must_agree(encoder):
    conversation = Sample("s", messages=[{"role": "user", "content": "Look!"}], images=sample((28, 28)).images)
    for call in (encoder.encode, encoder.prompt_tokens):
        with pytest.raises(UserError, match="sample s: 0 places for pictures in the prompt, but 1 pict"):
            call(conversation)


@pytest.mark.parametrize("token", ["<|video_pad|>", "<|image_pad|>", "<|vision_start|>", "<|vision_end|>"])
def test_a_text_that_spells_out_a_vision_token_is_refused(encoder, token):
    asked = sample((28, 28), question=f"What does {token} mean?")
    choices = replace(sample(question="Which?"), choices=["one", token])
    plain = Sample("s", messages=[{"role": "user", "content": token}])
    parts = Sample("s", messages=[{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": token}]}])
    for one in (asked, choices, plain, replace(parts, images=asked.images)):
        for call in (encoder.encode, encoder.prompt_tokens):
            with pytest.raises(UserError, match=re.escape(f"sample s: its text holds {token}")):
                call(one)


def test_a_response_ends_with_the_end_token(encoder):
    ids = encoder.encode_response("<think>7</think>8")
    tokenizer = encoder.processor.tokenizer
    assert tokenizer.decode(ids) == "<think>7</think>8<|im_end|>"
    assert encoder.decode(ids.tolist()) == "<think>7</think>8"


def test_no_picture_has_no_patches(encoder):
    prompt = encoder.encode(sample())
    assert encoder.vision_inputs(prompt) == {} and prompt.pictures == ()
