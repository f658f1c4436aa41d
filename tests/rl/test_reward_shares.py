import math

import pytest
import torch

from revisual.rl.reward_shares import term_covariances, variance_shares

YES = torch.ones(4, dtype=torch.bool)


def shares(terms, prompt_index, valid=YES):
    values = {name: torch.tensor(column) for name, column in terms.items()}
    return variance_shares(term_covariances(values, valid, torch.tensor(prompt_index)))


def test_by_hand():
    # Less the groups' means: accuracy .5 -.5 | 0 0, format .1 -.1 | -.1 .1; their sum: .6 -.6 | -.1 .1.
    # Products with the sum: accuracy .3 + .3 = .6, format .06 + .06 + .01 + .01 = .14.
    got = shares({"accuracy": [1.0, 0.0, 1.0, 1.0], "format": [0.2, 0.0, 0.0, 0.2]}, [4, 4, 9, 9])
    assert got == pytest.approx({"accuracy": 0.6 / 0.74, "format": 0.14 / 0.74})


def test_a_term_against_the_others_has_a_negative_share():
    got = shares({"accuracy": [1.0, 0.0], "length": [0.0, 0.5]}, [0, 0], YES[:2])
    assert got == pytest.approx({"accuracy": 2.0, "length": -1.0})


def test_rows_that_are_not_valid_count_nowhere():
    valid = torch.tensor([True, True, False, True])
    got = shares({"a": [1.0, 0.0, 7.0, 0.5], "b": [0.0, 0.0, math.inf, 0.3]}, [0, 0, 0, 1], valid)
    assert got == {"a": 1.0, "b": 0.0}


def test_equal_rewards_make_no_variance_however_they_are_rounded():
    got = shares({"a": [0.1, 0.1, 0.1, 0.1], "b": [0.7, 0.7, 0.7, 0.7]}, [0, 0, 0, 1])
    assert all(math.isnan(share) for share in got.values())
    assert variance_shares({}) == {}


def test_shares_of_random_terms_add_up_and_agree_with_covariances_of_numpy():
    import numpy as np

    generator = torch.Generator().manual_seed(0)
    terms = {name: torch.randn(40, generator=generator, dtype=torch.double) for name in "abc"}
    groups = torch.arange(40) % 5
    valid = torch.ones(40, dtype=torch.bool)
    got = variance_shares(term_covariances(terms, valid, groups))
    columns = np.stack([values.numpy() for values in terms.values()])
    for group in range(5):
        columns[:, groups == group] -= columns[:, groups == group].mean(axis=1, keepdims=True)
    expected = np.cov(np.vstack([columns, columns.sum(0)]))
    assert list(got.values()) == pytest.approx((expected[:3, 3] / expected[3, 3]).tolist())
    assert sum(got.values()) == pytest.approx(1.0)


def test_parts_of_a_batch_add_up():
    generator = torch.Generator().manual_seed(1)
    terms = {name: torch.randn(8, generator=generator) for name in "ab"}
    groups, valid = torch.arange(8) // 2, torch.ones(8, dtype=torch.bool)
    whole = term_covariances(terms, valid, groups)
    halves = [
        term_covariances({k: v[part] for k, v in terms.items()}, valid[part], groups[part])
        for part in (slice(0, 4), slice(4, 8))
    ]
    assert whole == pytest.approx({name: halves[0][name] + halves[1][name] for name in whole})
