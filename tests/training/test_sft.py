"""SFT against transformers' own cross-entropy."""

import math
from dataclasses import replace

import pytest
import torch
from lightning.pytorch import Callback
from torch.testing import assert_close

from revisual.core.errors import UserError
from revisual.data.sft import Example, response_text
from revisual.models.policy import PretrainedPolicy
from revisual.training.lr_schedulers import WarmupCosine
from revisual.training.sft import pad_responses

from .helpers import ONE_ROW, examples, fit, grpo, prompts, sft, sgd, some_samples, total_norm, weights


def by_transformers(folder, processor, encoder, samples, template):
    """Mean loss over all response tokens by `labels`, one unpadded example at a time, and its gradients."""
    policy = PretrainedPolicy(str(folder)).load(processor)
    total, count = 0.0, 0
    for sample in samples:
        text = encoder.render(sample) + response_text(sample, template) + "<|im_end|>"
        inputs = processor(text=[text], images=sample.load_images() or None, return_tensors="pt")
        prompt = len(encoder.encode(sample).token_ids)
        labels = inputs["input_ids"].clone()
        labels[:, :prompt] = -100
        tokens = int((labels[:, 1:] != -100).sum())
        total = total + policy(**inputs, labels=labels).loss * tokens
        count += tokens
    (total / count).backward()
    return float((total / count).detach()), count, {n: p.grad for n, p in policy.named_parameters()}


@pytest.mark.parametrize(("limit", "passes"), [(16_384, 1), (200, 2), (ONE_ROW, 6)])
def test_loss_and_gradient_are_transformers(policy_folder, processor, encoder, tmp_path, limit, passes):
    samples = some_samples(6)
    template = "<think>{solution}</think>\\boxed{{answer}}"
    module = sft(policy_folder, max_tokens_per_pass=limit, optimizer=sgd)
    data = examples(samples, batch_size=6, response_template=template)
    run = fit(module, data, tmp_path, 1)
    assert len(module.update.passes) == passes
    loss, _, expected = by_transformers(policy_folder, processor, encoder, samples, template)
    assert run.log.values("train/loss") == pytest.approx([loss], rel=1e-5)
    assert run.watch.norms[0] == pytest.approx(total_norm(expected), rel=1e-4)
    for name, gradient in run.watch.gradients[0].items():
        assert_close(gradient, expected[name], atol=1e-6, rtol=1e-3)


@pytest.mark.parametrize("limit", [16_384, ONE_ROW])
def test_validation_loss_is_transformers(policy_folder, processor, encoder, tmp_path, limit):
    """Before the first step, too, and over several batches; what has no solution to learn is left out."""
    samples = some_samples(6)
    template = "<think>{solution}</think>\\boxed{{answer}}"
    module = sft(policy_folder, max_tokens_per_pass=limit, optimizer=sgd)
    unsolved = replace(samples[0], id="unsolved", solution=None)
    options = {"response_template": template, "evaluation_batch_size": 4}
    data = examples(samples, validation=[unsolved, *samples], batch_size=6, **options)
    run = fit(module, data, tmp_path, 1, val_check_interval=1, check_val_every_n_epoch=None, num_sanity_val_steps=-1)
    before, _, _ = by_transformers(policy_folder, processor, encoder, samples, template)
    first, last = run.log.values("val/loss")
    assert first == pytest.approx(before, rel=1e-5) and last < first
    assert float(run.trainer.callback_metrics["val/loss"]) == pytest.approx(last)
    assert all(parameter.grad is None for parameter in module.policy.parameters())


@pytest.mark.parametrize("limit", [16_384, ONE_ROW])
def test_clipping_sees_the_whole_steps_norm(policy_folder, processor, encoder, tmp_path, limit):
    samples, template = some_samples(6), "{answer}"
    start = weights_of(policy_folder, processor)
    module = sft(policy_folder, max_tokens_per_pass=limit, optimizer=sgd)
    data = examples(samples, batch_size=6, response_template=template)
    fit(module, data, tmp_path, 1, gradient_clip_val=0.3)
    _, _, expected = by_transformers(policy_folder, processor, encoder, samples, template)
    assert total_norm(expected) > 0.3
    assert total_norm({n: start[n] - v for n, v in weights(module).items()}) == pytest.approx(0.03, rel=1e-3)


def weights_of(folder, processor):
    return {n: p.detach() for n, p in PretrainedPolicy(str(folder)).load(processor).named_parameters()}


def test_unequal_passes_are_weighed_by_their_tokens(policy_folder, processor, encoder, tmp_path):
    samples = some_samples(5)
    run = fit(sft(policy_folder, max_tokens_per_pass=250), examples(samples, 5), tmp_path, 1)
    assert 1 < len(run.module.update.passes) < 5
    loss, _, _ = by_transformers(
        policy_folder, processor, encoder, samples, "<think>\n{solution}\n</think>\n\n\\boxed{{answer}}"
    )
    assert run.log.values("train/loss") == pytest.approx([loss], rel=1e-5)


def test_it_learns(policy_folder, tmp_path):
    fast = lambda parameters: torch.optim.AdamW(parameters, lr=1e-2)  # noqa: E731
    run = fit(sft(policy_folder, optimizer=fast), examples(some_samples(4)), tmp_path, 12)
    losses = run.log.values("train/loss")
    assert losses[0] == pytest.approx(math.log(400), abs=0.5) and losses[-1] < 0.6 * losses[0]


@pytest.mark.parametrize("kind", ["sft", "grpo"])
def test_accumulation_of_batches_is_refused(policy_folder, tmp_path, kind):
    module, data = (sft(policy_folder), examples()) if kind == "sft" else (grpo(policy_folder), prompts())
    with pytest.raises(UserError, match=r"accumulate_grad_batches: 2: a batch is one optimizer step, .* leave it at 1"):
        fit(module, data, tmp_path, 1, accumulate_grad_batches=2)


def test_the_schedule_in_a_run(policy_folder, tmp_path):
    """8 steps, a quarter of them warm-up: halves, then the half cosine of 6 steps."""
    rates = []

    class Rates(Callback):
        def on_before_optimizer_step(self, trainer, pl_module, optimizer):
            rates.append(optimizer.param_groups[0]["lr"])

    def unit(parameters):
        return torch.optim.SGD(parameters, lr=1.0)

    module = sft(policy_folder, optimizer=unit, scheduler=lambda o: WarmupCosine(o, warmup_ratio=0.25))
    fit(module, examples(some_samples(4)), tmp_path, 8, [Rates()])
    expected = [0.5, 1.0] + [0.5 * (1 + math.cos(math.pi * k / 6)) for k in range(6)]
    assert rates == pytest.approx(expected)


def test_responses_are_padded_on_the_right(mixed_prompts):
    rows = [Example(mixed_prompts[0], torch.tensor(ids)) for ids in ([5, 6, 7], [8])]
    token_ids, mask = pad_responses(rows)
    assert token_ids.tolist() == [[5, 6, 7], [8, 0, 0]]
    assert mask.tolist() == [[True, True, True], [True, False, False]]
