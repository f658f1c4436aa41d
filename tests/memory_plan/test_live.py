"""What is counted of a computation without data."""

import torch
from torch import nn

from revisual.memory_plan.forward_passes import optimizer_step
from revisual.memory_plan.live import SMALL, LiveMemory, shape_mode

MB = 2**20


def memory():
    return LiveMemory(shape_mode(), lambda tensor: "activations")


def test_the_peak_is_of_what_lives_at_once():
    counted = memory()
    with counted:
        a = torch.empty(8 * MB, dtype=torch.uint8)
        b = torch.empty(16 * MB, dtype=torch.uint8)
        del a
        c = torch.empty(4 * MB + 1, dtype=torch.uint8)
        del b, c
    assert counted.peak().total == 24 * MB
    assert counted.now.total() == 0


def test_views_and_operations_in_place_hold_nothing():
    counted = memory()
    with counted:
        a = torch.empty(2 * MB)
        b = a.view(2, MB)[1:].add_(1).mul_(2)
    assert counted.peak().total == a.untyped_storage().nbytes() == 8 * MB and b.shape == (1, MB)


def test_small_tensors_have_their_data():
    with memory():
        lengths = torch.tensor([1, 2, 3]).cumsum(0).tolist()
        chosen = torch.arange(4)[torch.tensor([True, False, True, False])].tolist()
    assert (lengths, chosen) == ([1, 3, 6], [0, 2])


def test_large_tensors_take_no_memory():
    with memory():
        x = torch.zeros(2**30, 2**20, dtype=torch.float64)
        assert (x @ torch.zeros(2**20, 8, dtype=torch.float64)).shape == (2**30, 8)
    assert SMALL < 2**23


def test_blocks_are_told_apart_by_size():
    counted = memory()
    with counted:
        a = torch.empty(40 * MB, dtype=torch.uint8)
        del a
        b = torch.empty(30 * MB, dtype=torch.uint8)
    peak = counted.peak()
    assert (sum(peak.large.values()), sum(peak.small.values())) == (40 * MB, 30 * MB)
    assert peak.total == 40 * MB and len(b)


def test_a_linear_layers_pass_by_hand():
    """Held when the backward pass begins: the input, which the weight's gradient needs, and the output's gradient."""
    shapes = shape_mode()
    layer = nn.Linear(1024, 4096, bias=False)
    with shapes:
        layer.to_empty(device="cpu")
        x = torch.empty(8192, 1024, device="cpu")
    counted = LiveMemory(shapes, lambda x: "weight and gradient" if x.shape[-2:].numel() == 2**22 else "activations")
    with counted:
        y = layer(x * 1.0)
        y.backward(torch.ones_like(y))
    held = {"activations": 4 * 8192 * (1024 + 2 * 4096), "weight and gradient": 2 * 4 * 1024 * 4096}
    assert counted.peak().kinds == held


def states(factory):
    parameters = [nn.Parameter(torch.empty(n, device="meta")) for n in (MB, 4 * MB)]
    return optimizer_step(factory, parameters, shape_mode(), None, at_once=False).kinds


def test_states_of_optimizers():
    weights = 4 * 5 * MB
    adam = states(lambda p: torch.optim.AdamW(p, lr=0.1))
    assert (adam["weights"], adam["gradients"], adam["optimizer"] - 2 * 4) == (weights, weights, 2 * weights)
    two_of_the_larger_and_one_left_from_the_other = 2 * 4 * 4 * MB + 4 * MB
    assert adam["working"] == two_of_the_larger_and_one_left_from_the_other
    assert "optimizer" not in states(lambda p: torch.optim.SGD(p, lr=0.1))
    assert states(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9))["optimizer"] == weights


def test_states_are_in_the_parameters_own_precision():
    parameters = [nn.Parameter(torch.empty(MB, device="meta"))]
    step = optimizer_step(lambda p: torch.optim.AdamW(p), parameters, shape_mode(), torch.bfloat16, at_once=False)
    assert step.kinds["optimizer"] - 4 == 2 * 2 * MB


def test_all_parameters_at_once_as_on_a_gpu():
    parameters = [nn.Parameter(torch.empty(MB, device="meta")) for _ in range(4)]
    step = optimizer_step(lambda p: torch.optim.AdamW(p), parameters, shape_mode(), None, at_once=True)
    assert step.kinds["working"] >= 4 * 4 * MB
