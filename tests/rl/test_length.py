from fractions import Fraction

import pytest
import torch

from revisual.rl.length import efficient_length_reward


def test_edges_of_the_papers_ramp():
    lengths = [0, 8091, 8092, 8093, 8191, 8192, 8193, 8291, 8292, 8293, 99999]
    expected = [min(max(Fraction(8192 - n, 200) + Fraction(1, 2), 0), 1) for n in lengths]
    found = efficient_length_reward(torch.tensor(lengths), 8192)
    assert found.tolist() == pytest.approx([float(e) for e in expected], abs=1e-6)
    assert expected[1:3] == [1, 1] and expected[3] < 1 and expected[5] == Fraction(1, 2) and expected[8] == 0


def test_alpha_and_delta():
    found = efficient_length_reward(torch.tensor([0, 8, 10, 12, 20]), 10.0, alpha=0.25, delta=0.25)
    assert found.tolist() == [1.0, 0.75, 0.25, 0.0, 0.0]


def test_never_rises_with_length():
    found = efficient_length_reward(torch.arange(0, 600), 300)
    assert (found.diff() <= 0).all() and found.min() == 0 and found.max() == 1


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="budget"):
        efficient_length_reward(torch.tensor([1]), float("inf"))
