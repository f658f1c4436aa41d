import pytest
import torch

from revisual.rl.aggregation import ConstantLength, SequenceMean, TokenMean

from .helpers import random_batch

ALL = [TokenMean(), SequenceMean(), ConstantLength(7)]
LENGTHS = [4, 0, 1, 3]
WEIGHTS = [1.0, 5.0, 2.0, 0.5]


def case():
    mask = torch.arange(4)[None] < torch.tensor(LENGTHS)[:, None]
    values = torch.arange(16, dtype=torch.float64).reshape(4, 4).square()
    return values, mask, torch.tensor(WEIGHTS, dtype=torch.float64)


def loss(aggregation, values, mask, weights):
    return ((values * aggregation.token_weights(mask, weights)).sum() / aggregation.count(mask, weights)).item()


def test_by_hand():
    values, mask, weights = case()
    rows = [[v * v for v in range(4 * i, 4 * i + n)] for i, n in enumerate(LENGTHS)]
    sums = [w * sum(row) for w, row in zip(WEIGHTS, rows, strict=True)]
    means = [w * sum(row) / max(len(row), 1) for w, row in zip(WEIGHTS, rows, strict=True)]
    assert loss(TokenMean(), values, mask, weights) == pytest.approx(sum(sums) / (4 * 1 + 1 * 2 + 3 * 0.5))
    assert loss(SequenceMean(), values, mask, weights) == pytest.approx(sum(means) / 3.5)
    assert loss(ConstantLength(7), values, mask, weights) == pytest.approx(sum(sums) / 7 / 3.5)


@pytest.mark.parametrize("aggregation", ALL, ids=repr)
def test_a_row_without_tokens_changes_nothing(aggregation):
    values, mask, weights = case()
    full = [0, 2, 3]
    assert loss(aggregation, values, mask, weights) == pytest.approx(
        loss(aggregation, values[full], mask[full], weights[full])
    )
    assert aggregation.token_weights(mask, weights)[1].tolist() == [0.0] * 4
    assert aggregation.count(mask[1:2], weights[1:2]).item() == 0


@pytest.mark.parametrize("aggregation", ALL, ids=repr)
def test_a_weight_is_that_many_equal_rows(aggregation):
    batch = random_batch(0, [3, 5, 1, 2])
    values = batch.old_logprobs
    rows = torch.repeat_interleave(torch.arange(4), batch.weights.long())
    assert len(rows) > 4
    assert loss(aggregation, values, batch.completion_mask, batch.weights) == pytest.approx(
        loss(aggregation, values[rows], batch.completion_mask[rows], torch.ones(len(rows), dtype=torch.float64))
    )


@pytest.mark.parametrize("aggregation", ALL, ids=repr)
def test_mean_weights_make_a_mean(aggregation):
    _, mask, weights = case()
    assert aggregation.mean_weights(mask, weights).sum().item() == pytest.approx(
        aggregation.count(mask, weights).item()
    )
    assert not aggregation.mean_weights(mask, weights)[~mask].any()


def test_tokens_count_equally_or_sequences_do():
    mask = torch.tensor([[True, True, True], [True, False, False]])
    ones = torch.ones(2)
    assert (TokenMean().token_weights(mask, ones) / TokenMean().count(mask, ones)).sum(1).tolist() == [0.75, 0.25]
    shares = (SequenceMean().token_weights(mask, ones) / SequenceMean().count(mask, ones)).sum(1).tolist()
    assert shares == pytest.approx([0.5, 0.5])
    assert ConstantLength(8).token_weights(mask, ones).sum(1).tolist() == [3 / 8, 1 / 8]


def test_length_is_checked():
    with pytest.raises(ValueError, match="length"):
        ConstantLength(0)
