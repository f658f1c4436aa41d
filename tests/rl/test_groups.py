import pytest
import torch

from revisual.rl.groups import Groups


def test_sums_by_group_however_the_rows_are_ordered():
    groups = Groups.of(torch.tensor([9, 4, 9, 70, 4]))
    assert groups.number == 3
    assert groups.sum(torch.tensor([1.0, 2.0, 4.0, 8.0, 16.0])).tolist() == [18.0, 5.0, 8.0]  # prompts 4, 9, 70


def test_constant_looks_at_known_rows_only():
    groups = Groups.of(torch.tensor([0, 0, 0, 1, 1, 2, 2]))
    values = torch.tensor([1.0, 1.0, 5.0, 0.0, 1.0, float("nan"), float("nan")])
    known = torch.tensor([True, True, False, True, True, False, False])
    assert groups.constant(values, known).tolist() == [True, False, True]
    assert groups.constant(values, torch.tensor([True] * 5 + [False] * 2)).tolist() == [False, False, True]


@pytest.mark.parametrize(("dtype", "difference"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_constant_forgives_rounding_and_nothing_else(dtype, difference):
    one = torch.tensor(0.7, dtype=dtype)
    next_one = torch.nextafter(one, one + 1)
    groups, known = Groups.of(torch.tensor([0, 0])), torch.ones(2, dtype=torch.bool)
    assert groups.constant(torch.stack([one, next_one]), known).all()
    assert not groups.constant(torch.stack([one, one * (1 + difference)]), known).any()


def test_no_rows():
    groups = Groups.of(torch.zeros(0, dtype=torch.long))
    assert groups.number == 0 and len(groups.sum(torch.zeros(0))) == 0
