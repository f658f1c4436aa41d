import random
import statistics

import pytest
import torch

from revisual.rl import advantages
from revisual.rl.advantages import AdvantageEstimator, BatchNormalized, GroupNormalized, LeaveOneOut, MeanCentered

ALL = [GroupNormalized(), MeanCentered(), LeaveOneOut(), BatchNormalized(), BatchNormalized(std_of="rewards")]


def ask(estimator: AdvantageEstimator, rewards, valid=None, prompts=None, dtype=torch.float64):
    n = len(rewards)
    return estimator(
        torch.tensor(rewards, dtype=dtype),
        torch.ones(n, dtype=torch.bool) if valid is None else torch.tensor(valid, dtype=torch.bool),
        torch.zeros(n, dtype=torch.long) if prompts is None else torch.tensor(prompts, dtype=torch.long),
    )


def slow(estimator: AdvantageEstimator, rewards, valid, prompts):
    """One row at a time, with Python's statistics."""
    if isinstance(estimator, BatchNormalized):
        return slow_batch(estimator, rewards, valid, prompts)
    out = []
    for i, reward in enumerate(rewards):
        group = [j for j in range(len(rewards)) if prompts[j] == prompts[i] and valid[j]]
        values, others = [rewards[j] for j in group], [rewards[j] for j in group if j != i]
        if not valid[i] or len(group) < 2:
            out.append(0.0)
        elif isinstance(estimator, GroupNormalized):
            out.append((reward - statistics.mean(values)) / (statistics.stdev(values) + estimator.eps))
        elif isinstance(estimator, MeanCentered):
            out.append(reward - statistics.mean(values))
        else:
            out.append(reward - statistics.mean(others))
    return out


def slow_batch(estimator: BatchNormalized, rewards, valid, prompts):
    """Centered one row at a time, over one deviation of all."""
    centered = slow(MeanCentered(), rewards, valid, prompts)
    rows = centered if estimator.std_of == "centered" else rewards
    known = [value for value, is_known in zip(rows, valid, strict=True) if is_known]
    std = statistics.stdev(known) if len(known) > 1 else 0.0
    return [value / (std + estimator.eps) if value else 0.0 for value in centered]


@pytest.mark.parametrize("estimator", [*ALL, GroupNormalized(eps=0.1)], ids=repr)
@pytest.mark.parametrize("seed", range(20))
def test_against_a_loop_over_rows(estimator, seed):
    rng = random.Random(seed)
    n = rng.randint(1, 40)
    prompts = [rng.choice([3, 5, 8, 100]) for _ in range(n)]
    valid = [rng.random() < 0.7 for _ in range(n)]
    rewards = [rng.choice([0.0, 1.0, 0.05, rng.random()]) for _ in range(n)]
    found = ask(estimator, rewards, valid, prompts).tolist()
    assert found == pytest.approx(slow(estimator, rewards, valid, prompts), rel=1e-9, abs=1e-12)


def test_one_right_of_eight_by_hand():
    found = ask(GroupNormalized(), [1.0] + [0.0] * 7).tolist()
    # mean 1/8, Bessel variance (49/64 + 7/64) / 7 = 1/8
    assert found == pytest.approx([(7 / 8) / 8**-0.5] + [(-1 / 8) / 8**-0.5] * 7, rel=1e-5)
    assert found[0] == pytest.approx(2.475, abs=1e-3)


@pytest.mark.parametrize("estimator", ALL, ids=repr)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("value", [0.1, 0.85, 1 / 3, 1e-8, 1e6, 0.0, -0.7])
@pytest.mark.parametrize("size", [2, 7, 8, 13])
def test_equal_rewards_give_exactly_zero(estimator, dtype, value, size):
    assert ask(estimator, [value] * size, dtype=dtype).tolist() == [0.0] * size


@pytest.mark.parametrize("estimator", ALL, ids=repr)
def test_rewards_that_differ_by_rounding_are_equal(estimator):
    terms = [0.1, 0.2, 0.3, 0.4, 0.7]
    one, other = torch.zeros(()), torch.zeros(())
    for term in terms:
        one = one + term
    for term in reversed(terms):
        other = other + term
    assert one != other, "the case tests nothing"
    found = estimator(torch.stack([one, other] * 4), torch.ones(8, dtype=torch.bool), torch.zeros(8, dtype=torch.long))
    assert found.tolist() == [0.0] * 8


def test_without_eps_a_constant_group_is_zero_and_not_nan():
    assert ask(GroupNormalized(eps=0.0), [0.1] * 3 + [1.0, 0.0], prompts=[0, 0, 0, 1, 1]).tolist() == pytest.approx(
        [0.0, 0.0, 0.0, 2**-0.5, -(2**-0.5)]
    )


@pytest.mark.parametrize("estimator", ALL, ids=repr)
def test_invalid_rows_change_nothing_even_if_nan(estimator):
    without = ask(estimator, [1.0, 0.0, 0.5]).tolist()
    for rubbish in (0.0, 100.0, float("nan"), float("inf")):
        found = ask(estimator, [1.0, rubbish, 0.0, 0.5], valid=[True, False, True, True]).tolist()
        assert found == [without[0], 0.0, *without[1:]]


@pytest.mark.parametrize("estimator", ALL, ids=repr)
def test_fewer_than_two_valid_rows_give_zero(estimator):
    assert ask(estimator, [1.0, 0.0, 0.7], valid=[True, False, True], prompts=[0, 0, 1]).tolist() == [0.0] * 3
    assert ask(estimator, []).tolist() == []


@pytest.mark.parametrize("estimator", ALL, ids=repr)
def test_dtype_is_kept_and_precision_is_not_lost_to_a_large_offset(estimator):
    found = ask(estimator, [2**16 + 1.0, 2.0**16], dtype=torch.float32)
    assert found.dtype == torch.float32
    assert found.tolist() == pytest.approx(slow(estimator, [1.0, 0.0], [True] * 2, [0, 0]), rel=1e-5)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_valid_reward_that_is_not_finite_is_an_error(bad):
    with pytest.raises(ValueError, match="not finite"):
        ask(GroupNormalized(), [1.0, bad])


def test_eps_is_checked():
    for eps in (-1e-6, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="eps"):
            GroupNormalized(eps=eps)


@pytest.mark.parametrize("std_of", ["centered", "rewards"])
def test_the_deviation_is_of_all_ranks(monkeypatch, std_of):
    rewards, prompts = [1.0, 0.0, 0.5, 0.0, 1.0, 1.0], [0, 0, 1, 1, 2, 2]
    whole = ask(BatchNormalized(std_of=std_of), rewards, prompts=prompts).tolist()
    shares: list[torch.Tensor] = []
    monkeypatch.setattr(advantages, "all_gather_objects", lambda values: shares.append(values) or [values])
    for rows in (slice(0, 2), slice(2, 6)):
        ask(BatchNormalized(std_of=std_of), rewards[rows], prompts=prompts[rows])
    monkeypatch.setattr(advantages, "all_gather_objects", lambda values: shares)
    parts = [ask(BatchNormalized(std_of=std_of), rewards[r], prompts=prompts[r]) for r in (slice(0, 2), slice(2, 6))]
    assert torch.cat(parts).tolist() == pytest.approx(whole)
