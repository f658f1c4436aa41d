"""The gradient of an optimizer step, against a loss written out row by row."""

from dataclasses import dataclass

import pytest
import torch
from torch.testing import assert_close

from revisual.models.policy import PretrainedPolicy
from revisual.rl.aggregation import ConstantLength, SequenceMean, TokenMean
from revisual.rl.filters import AdvantageFilter, Selection
from revisual.rl.losses import ClippedLoss
from revisual.rl.schedules import Constant

from .helpers import ONE_ROW, Keep, fit, grpo, prompts, sgd, some_samples, total_norm, weights

# For each aggregation: a row's term and its count, from the losses of its tokens.
ROWS = {
    TokenMean(): lambda tokens: (tokens.sum(), len(tokens)),
    SequenceMean(): lambda tokens: (tokens.mean(), 1),
    ConstantLength(5): lambda tokens: (tokens.sum() / 5, 1),
}
BY_TOKEN = ROWS[TokenMean()]


def by_hand(folder, processor, encoder, batch, indices, row_weights, *, row=BY_TOKEN, entropy=0.0):
    """Gradients of the full batch's loss, from one unpadded row at a time."""
    policy = PretrainedPolicy(str(folder)).load(processor)
    banned = [
        processor.tokenizer.convert_tokens_to_ids(t) for t in ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>")
    ]
    terms, count = [], 0.0
    for n, weight in zip(indices.tolist(), row_weights.tolist(), strict=True):
        prompt = batch.prompts[int(batch.prompt_index[n])]
        tokens = batch.token_ids[n][batch.completion_mask[n]]
        ids = torch.cat([prompt.token_ids, tokens])[None]
        types = torch.cat([prompt.mm_token_type_ids, torch.zeros_like(tokens)])[None]
        pictures = (
            processor.image_processor(images=list(prompt.pictures), return_tensors="pt") if prompt.pictures else {}
        )
        policy.model.rope_deltas = None
        logits = policy(input_ids=ids, attention_mask=torch.ones_like(ids), mm_token_type_ids=types, **pictures).logits
        logits = logits[0, len(prompt.token_ids) - 1 : -1].clone()
        allowed = [t for t in range(logits.shape[-1]) if t not in banned]
        logprobs = torch.full_like(logits, -1e9)
        logprobs[:, allowed] = logits[:, allowed].log_softmax(-1)
        own = logprobs[torch.arange(len(tokens)), tokens]
        h = -(logprobs[:, allowed].exp() * logprobs[:, allowed]).sum(-1)
        per_token = -(own - own.detach()).exp() * batch.advantages[n] - entropy * h
        term, own_count = row(per_token)
        terms.append(weight * term)
        count += weight * own_count
    loss = sum(terms) / count
    loss.backward()
    return float(loss), {n: p.grad for n, p in policy.named_parameters() if p.requires_grad}


@dataclass(frozen=True)
class WeightedHalf(AdvantageFilter):
    """Every third row, with unequal weights."""

    def __call__(self, candidates):
        rows = torch.arange(0, len(candidates), 3)
        return Selection(rows, 1.0 + (rows % 2))


@pytest.mark.parametrize("aggregation", ROWS)
@pytest.mark.parametrize(("limit", "passes", "policy"), [
    (16_384, 1, {}), (110, 2, {}), (ONE_ROW, 6, {}), (16_384, 1, {"packed": False}), (110, 3, {"packed": False}),
    (110, 2, {"gradient_checkpointing": True}),
])  # fmt: skip
def test_the_gradient_is_the_whole_steps(
    policy_folder, processor, encoder, tmp_path, limit, passes, policy, aggregation
):
    keep = Keep()
    module = grpo(
        policy_folder,
        policy,
        max_tokens_per_pass=limit,
        loss=ClippedLoss(aggregation=aggregation),
        entropy_coef=Constant(0.1),
        optimizer=sgd,
        advantage_filter=WeightedHalf(),
    )
    data = prompts(batch_size=4)
    run = fit(module, data, tmp_path, 1, [keep])
    assert len(module.update.passes) == passes
    row = ROWS[aggregation]
    expected_loss, expected = by_hand(policy_folder, processor, encoder, *keep.kept[0], row=row, entropy=0.1)
    assert len(keep.kept[0][1]) == 6
    assert run.watch.norms[0] == pytest.approx(total_norm(expected), rel=1e-4)
    assert total_norm(expected) > 1e-3
    for name, gradient in run.watch.gradients[0].items():
        assert_close(gradient, expected[name], atol=1e-6, rtol=1e-3)
    assert run.log.values("train/loss") == pytest.approx([expected_loss], abs=1e-5)


@dataclass(frozen=True)
class Drawn(AdvantageFilter):
    """Row 1 twice and row 6 three times, as repeated draws or as weights."""

    repeated: bool

    def __call__(self, candidates):
        rows, times = torch.tensor([1, 6]), torch.tensor([2, 3])
        chosen = (rows.repeat_interleave(times), torch.ones(5)) if self.repeated else (rows, times.float())
        return Selection(*chosen)


def test_repeated_rows_are_weights(policy_folder, tmp_path):
    runs = [
        fit(
            grpo(policy_folder, optimizer=sgd, advantage_filter=Drawn(repeated)),
            prompts(batch_size=4),
            tmp_path / str(repeated),
            1,
        )
        for repeated in (True, False)
    ]
    repeated, weighted = (run.watch.gradients[0] for run in runs)
    assert total_norm(weighted) > 1e-3
    for name, gradient in repeated.items():
        assert_close(gradient, weighted[name], atol=1e-7, rtol=1e-5)


def test_the_order_of_prompts_changes_no_gradient(policy_folder, tmp_path):
    samples = some_samples(4)
    runs = [
        fit(grpo(policy_folder, optimizer=sgd, max_tokens_per_pass=200), prompts(given, batch_size=4),
            tmp_path / given[0].id, 1)
        for given in (samples, samples[::-1])
    ]  # fmt: skip
    forward, backward = (run.watch.gradients[0] for run in runs)
    assert total_norm(forward) > 1e-3
    for name, gradient in forward.items():
        assert_close(gradient, backward[name], atol=1e-6, rtol=1e-3)


@pytest.mark.parametrize("limit", [16_384, 200, ONE_ROW])
@pytest.mark.parametrize("share", [0.5, 2.0])
def test_clipping_sees_the_whole_steps_norm(policy_folder, processor, encoder, tmp_path, limit, share):
    keep = Keep()
    module = grpo(policy_folder, optimizer=sgd)
    norm = fit(module, prompts(batch_size=4), tmp_path, 1, [keep]).watch.norms[0]
    start = weights_of(policy_folder, processor)
    module = grpo(policy_folder, max_tokens_per_pass=limit, optimizer=sgd)
    most = share * norm
    fit(module, prompts(batch_size=4), tmp_path, 1, gradient_clip_val=most)
    moved = {n: start[n] - value for n, value in weights(module).items()}
    assert total_norm(moved) == pytest.approx(0.1 * min(norm, most), rel=1e-3)  # SGD's learning rate is 0.1


def weights_of(folder, processor):
    return {n: p.detach() for n, p in PretrainedPolicy(str(folder)).load(processor).named_parameters()}
