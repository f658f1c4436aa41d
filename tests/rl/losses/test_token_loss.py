import math
from dataclasses import replace

import pytest
import torch

from revisual.rl.aggregation import ConstantLength, SequenceMean, TokenMean
from revisual.rl.batch import PolicyOutputs
from revisual.rl.kl import K1
from revisual.rl.losses import ClippedLoss, Coefficients, SequenceRatioLoss
from rl.helpers import random_batch
from rl.losses.helpers import BOTH, LENGTHS, ask, gradient, outputs_for

AGGREGATIONS = [TokenMean(), SequenceMean(), ConstantLength(6)]

LOSSES = [
    *(ClippedLoss(aggregation=a) for a in AGGREGATIONS),
    ClippedLoss(clip_low=0.1, clip_high=0.3, dual_clip=1.2, kl_estimator=K1()),
    SequenceRatioLoss(clip_low=0.05, clip_high=0.1),
    SequenceRatioLoss(aggregation=TokenMean(), dual_clip=1.1),
]


def kl_of(estimator, p, q):
    return p - q if isinstance(estimator, K1) else math.exp(q - p) - (q - p) - 1


def slow(loss, logprobs, entropy, batch, coefficients):
    """Loss and statistics, one token at a time in plain Python."""
    mask, weights = batch.completion_mask.tolist(), batch.weights.tolist()
    total, seen, stats = 0.0, 0.0, dict.fromkeys(("clip_fraction", "ratio", "approx_kl", "entropy", "kl"), 0.0)
    for i, row in enumerate(mask):
        tokens = [t for t, sampled in enumerate(row) if sampled]
        if not tokens:
            continue
        seen += weights[i] * (len(tokens) if isinstance(loss.aggregation, TokenMean) else 1)
        advantage, old = batch.advantages[i].item(), batch.old_logprobs[i].tolist()
        reference = batch.reference_logprobs[i].tolist()
        differences = [logprobs[i][t] - old[t] for t in tokens]
        for t, difference in zip(tokens, differences, strict=True):
            if isinstance(loss, SequenceRatioLoss):
                ratio = math.exp(sum(differences) / len(differences))
            else:
                ratio = math.exp(difference)
            clipped = min(max(ratio, 1 - loss.clip_low), 1 + loss.clip_high)
            objective = min(ratio * advantage, clipped * advantage)
            if loss.dual_clip is not None and advantage < 0:
                objective = max(objective, loss.dual_clip * advantage)
            kl = kl_of(loss.kl_estimator, logprobs[i][t], reference[t])
            term = -objective + coefficients.kl * kl - coefficients.entropy * entropy[i][t]
            mean = weights[i] / (1 if isinstance(loss.aggregation, TokenMean) else len(tokens))
            constant = isinstance(loss.aggregation, ConstantLength)
            total += term * (weights[i] / loss.aggregation.length if constant else mean)
            stats["clip_fraction"] += mean * (objective != ratio * advantage)
            stats["ratio"] += mean * ratio
            stats["approx_kl"] += mean * (math.exp(difference) - 1 - difference)
            stats["entropy"] += mean * entropy[i][t]
            stats["kl"] += mean * kl
    return total / seen, {f"policy/{name}": value / seen for name, value in stats.items()}


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
@pytest.mark.parametrize("seed", range(3))
def test_value_and_statistics_against_plain_python(loss, seed):
    batch = random_batch(seed, LENGTHS)
    outputs = outputs_for(batch, seed)
    value, stats = ask(loss, outputs, batch)
    expected, expected_stats = slow(loss, outputs.logprobs.tolist(), outputs.entropy.tolist(), batch, BOTH)
    assert value.item() == pytest.approx(expected, rel=1e-9)
    assert {name: s.item() for name, s in stats.items()} == pytest.approx(expected_stats, rel=1e-9)
    assert 0 < expected_stats["policy/clip_fraction"] <= 1


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_gradient_against_finite_differences_of_plain_python(loss):
    batch = random_batch(11, LENGTHS)
    outputs = outputs_for(batch)
    by_logprob, by_entropy = gradient(loss, outputs, batch)
    logprobs, entropy, step = outputs.logprobs.tolist(), outputs.entropy.tolist(), 1e-6
    for found, values in ((by_logprob, logprobs), (by_entropy, entropy)):
        for i, row in enumerate(values):
            for t, value in enumerate(row):
                row[t] = value + step
                above = slow(loss, logprobs, entropy, batch, BOTH)[0]
                row[t] = value - step
                below = slow(loss, logprobs, entropy, batch, BOTH)[0]
                row[t] = value
                assert found[i, t].item() == pytest.approx((above - below) / (2 * step), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
@pytest.mark.parametrize("sizes", [[1] * 5, [2, 3], [4, 1], [1, 1, 3]])
def test_micro_batches_add_up_to_the_whole(loss, sizes):
    batch = random_batch(5, LENGTHS)
    outputs = outputs_for(batch)
    count = loss.count(batch)
    value, stats = ask(loss, outputs, batch)
    whole = gradient(loss, outputs, batch)
    parts = [batch.rows(rows.tolist()) for rows in torch.arange(len(batch)).split(sizes)]
    pieces = [
        PolicyOutputs(p, e) for p, e in zip(outputs.logprobs.split(sizes), outputs.entropy.split(sizes), strict=True)
    ]
    assert sum(loss.count(part) for part in parts).item() == pytest.approx(count.item())
    results = [ask(loss, o, part, count=count) for o, part in zip(pieces, parts, strict=True)]
    assert sum(v for v, _ in results).item() == pytest.approx(value.item())
    for name, expected in stats.items():
        assert sum(s[name] for _, s in results).item() == pytest.approx(expected.item()), name
    gradients = [gradient(loss, o, part, count=count) for o, part in zip(pieces, parts, strict=True)]
    for k in (0, 1):
        torch.testing.assert_close(torch.cat([g[k] for g in gradients]), whole[k])


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_a_weight_is_that_many_equal_rows(loss):
    batch = random_batch(6, LENGTHS)
    outputs = outputs_for(batch)
    rows = torch.repeat_interleave(torch.arange(5), batch.weights.long())
    assert len(rows) > 5
    repeated = batch.select(rows, torch.ones(len(rows)))
    value, stats = ask(loss, outputs, batch)
    same, same_stats = ask(loss, PolicyOutputs(outputs.logprobs[rows], outputs.entropy[rows]), repeated)
    assert same.item() == pytest.approx(value.item())
    assert {k: v.item() for k, v in same_stats.items()} == pytest.approx({k: v.item() for k, v in stats.items()})


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
@pytest.mark.parametrize("rubbish", [math.nan, math.inf, -math.inf, 1e30])
def test_padding_may_hold_anything(loss, rubbish):
    batch = random_batch(8, LENGTHS)
    outputs = outputs_for(batch)
    off = ~batch.completion_mask

    def dirty(values):
        return values.masked_fill(off, rubbish)

    spoilt = replace(batch, old_logprobs=dirty(batch.old_logprobs), reference_logprobs=dirty(batch.reference_logprobs))
    dirty_outputs = PolicyOutputs(dirty(outputs.logprobs), dirty(outputs.entropy))
    clean, clean_stats = ask(loss, outputs, batch)
    found, stats = ask(loss, dirty_outputs, spoilt)
    assert found.item() == clean.item()
    assert {k: v.item() for k, v in stats.items()} == {k: v.item() for k, v in clean_stats.items()}
    for ours, theirs in zip(gradient(loss, dirty_outputs, spoilt), gradient(loss, outputs, batch), strict=True):
        assert torch.equal(ours, theirs) and not ours[off].any()


@pytest.mark.parametrize("loss", [ClippedLoss(), SequenceRatioLoss()], ids=repr)
def test_without_old_logprobs_the_batch_is_on_policy(loss):
    batch = replace(random_batch(9, LENGTHS), old_logprobs=None)
    outputs = outputs_for(batch)
    _, stats = ask(loss, outputs, batch, Coefficients())
    assert stats["policy/ratio"].item() == pytest.approx(1.0)
    assert stats["policy/approx_kl"].item() == 0 and stats["policy/clip_fraction"].item() == 0
    policy_gradient = -batch.advantages[:, None] * loss.aggregation.token_weights(batch.completion_mask, batch.weights)
    torch.testing.assert_close(gradient(loss, outputs, batch, Coefficients())[0], policy_gradient / loss.count(batch))


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_nothing_to_learn_from_is_a_loss_of_zero_with_a_zero_gradient(loss):
    batch = random_batch(12, [3, 2])
    batch = replace(batch, weights=torch.zeros(2, dtype=torch.float64))
    outputs = outputs_for(batch)
    value, stats = ask(loss, outputs, batch)
    assert loss.count(batch).item() == 0
    assert value.item() == 0 and all(s.item() == 0 for s in stats.values())
    assert not gradient(loss, outputs, batch)[0].any()


def test_terms_with_coefficient_zero_are_logged_and_not_learnt_from():
    batch = random_batch(13, LENGTHS)
    outputs = outputs_for(batch)
    value, stats = ask(ClippedLoss(), outputs, batch, Coefficients())
    bare = ask(ClippedLoss(), PolicyOutputs(outputs.logprobs), replace(batch, reference_logprobs=None), Coefficients())
    assert value.item() == bare[0].item()
    assert {"policy/kl", "policy/entropy"} == set(stats) - set(bare[1])


def test_only_the_loss_has_a_gradient():
    batch = random_batch(13, LENGTHS)
    outputs = outputs_for(batch)
    outputs = PolicyOutputs(outputs.logprobs.requires_grad_(), outputs.entropy.requires_grad_())
    value, stats = ask(ClippedLoss(), outputs, batch)
    assert value.requires_grad and not any(s.requires_grad for s in stats.values())


def test_a_term_without_its_data_is_an_error():
    batch = random_batch(14, LENGTHS, reference=False)
    outputs = outputs_for(batch)
    with pytest.raises(ValueError, match="reference"):
        ask(ClippedLoss(), outputs, batch, Coefficients(kl=0.1))
    with pytest.raises(ValueError, match="entropy"):
        ask(ClippedLoss(), PolicyOutputs(outputs.logprobs), batch, Coefficients(entropy=0.1))
    with pytest.raises(ValueError, match="advantages"):
        ask(ClippedLoss(), outputs, replace(batch, advantages=None), Coefficients())


def test_low_precision_logprobs_are_worked_on_in_float32():
    batch = random_batch(15, LENGTHS)
    outputs = outputs_for(batch)
    half = {k: getattr(batch, k).bfloat16() for k in ("old_logprobs", "reference_logprobs")}
    low = ask(ClippedLoss(), PolicyOutputs(outputs.logprobs.bfloat16()), replace(batch, **half), Coefficients(kl=0.1))
    rounded = {k: v.double() for k, v in half.items()}
    high = ask(
        ClippedLoss(),
        PolicyOutputs(outputs.logprobs.bfloat16().double()),
        replace(batch, **rounded),
        Coefficients(kl=0.1),
    )
    assert low[0].item() == pytest.approx(high[0].item(), rel=1e-5)
