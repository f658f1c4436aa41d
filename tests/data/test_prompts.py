"""Data modules: splits, limits, and what is said when something is missing."""

import logging
from dataclasses import replace
from types import SimpleNamespace

import pytest
from training.helpers import Given, some_samples

from revisual.core.errors import UserError
from revisual.data.prompts import PromptDataModule
from revisual.data.sft import SFTDataModule


def attached(module, encoder, updates=1, world_size=1):
    lightning_module = SimpleNamespace(encoder=encoder, updates_per_batch=updates, looks_ahead=False)
    module.trainer = SimpleNamespace(
        lightning_module=lightning_module, global_rank=0, world_size=world_size, callbacks=[]
    )
    return module


def test_what_is_too_long_is_dropped_and_counted(encoder, caplog):
    samples = some_samples(8)
    lengths = [len(encoder.encode(s).token_ids) for s in samples]
    limit = sorted(lengths)[4]
    data = attached(PromptDataModule([Given(samples)], max_prompt_tokens=limit), encoder)
    with caplog.at_level(logging.WARNING):
        data.setup("fit")
    kept = [s.id for s in data.datasets["train"].samples]
    assert kept == [s.id for s, length in zip(samples, lengths, strict=True) if length <= limit]
    assert 0 < len(kept) < 8
    assert f"data.train: {8 - len(kept)} of 8 samples are too long" in caplog.text


def test_pictures_count(encoder):
    samples = [s for s in some_samples(8) if s.images][:1]
    words = len(encoder.encode(samples[0]).engine_token_ids)
    data = attached(PromptDataModule([Given(samples)], max_prompt_tokens=words), encoder)
    with pytest.raises(UserError, match="none of the 1 samples is within the limits"):
        data.setup("fit")


def test_long_responses_are_dropped(encoder, caplog):
    samples = some_samples(8)
    lengths = [len(encoder.encode_response(f"<think>{s.solution}</think>{s.answer}")) for s in samples]
    limit = sorted(lengths)[3]
    options = {"response_template": "<think>{solution}</think>{answer}", "max_response_tokens": limit}
    data = attached(SFTDataModule([Given(samples)], [Given(samples)], **options), encoder)
    data.setup("fit")
    assert len(data.datasets["train"]) == sum(length <= limit for length in lengths) < 8
    dropped, prompt = sum(length > limit for length in lengths), max(len(encoder.encode(s).token_ids) for s in samples)
    (line,) = [record.getMessage() for record in caplog.records if "too long" in record.getMessage()]
    assert line == (
        f"data.train: {dropped} of 8 samples are too long and dropped; the longest have {prompt} tokens of prompt and "
        f"{max(lengths)} of response, and max_prompt_tokens is 8192, max_response_tokens {limit}"
    )
    assert len(data.datasets["validation"]) == 8


def test_a_solution_that_spells_out_a_vision_token_is_refused(encoder):
    sample = replace(some_samples(1)[0], solution="Look at <|image_pad|>.")
    data = attached(SFTDataModule([Given([sample])]), encoder)
    with pytest.raises(UserError, match=f"sample {sample.id}: its text holds"):
        data.setup("fit")


@pytest.mark.parametrize("stage", ["fit", "test", "predict"])
def test_a_stage_without_samples_is_one_line(encoder, stage):
    with pytest.raises(UserError, match="needs samples, and no reader is given"):
        attached(PromptDataModule(), encoder).setup(stage)


def test_a_batch_larger_than_the_data_is_one_line(encoder):
    data = attached(PromptDataModule([Given(some_samples(4))], batch_size=3), encoder, world_size=2)
    data.setup("fit")
    with pytest.raises(UserError, match="batch_size"):
        data.train_dataloader()


def test_loaders(encoder):
    samples = some_samples(5)
    data = attached(
        PromptDataModule([Given(samples)], [], [Given(samples)], batch_size=2, evaluation_batch_size=2), encoder, 3
    )
    data.setup("fit")
    data.setup("test")
    assert len(data.train_dataloader()) == 2 * 3 and data.val_dataloader() == []
    assert [p.id for each in data.test_dataloader() for p in each.items] == [s.id for s in samples]


def test_a_module_without_an_encoder_is_one_line():
    data = PromptDataModule([Given(some_samples(1))])
    data.trainer = SimpleNamespace(lightning_module=SimpleNamespace())
    with pytest.raises(UserError, match="SimpleNamespace has no encoder, which data is read with: "):
        data.setup("fit")
