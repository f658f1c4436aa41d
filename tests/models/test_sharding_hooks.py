"""What is left out of a forward over whole weights: the hooks of strategies, and no others."""

import torch
from torch import nn

from revisual.models.sharding import _without_hooks


def named_hook(module, called, name):
    def hook(*_):
        called.append(name)

    hook.__module__ = module
    return hook


def test_hooks_of_strategies_alone_are_left_out():
    layer, called = nn.Linear(2, 2), []
    layer.register_forward_pre_hook(named_hook("torch.distributed.fsdp", called, "gather"))
    layer.register_forward_hook(named_hook("deepspeed.runtime", called, "free"))
    layer.register_forward_hook(named_hook("transformers.utils", called, "record"))
    with _without_hooks(layer):
        layer(torch.ones(2))
        layer.register_forward_hook(named_hook("transformers.utils", called, "record more"))
    assert called == ["record"]
    layer(torch.ones(2))
    assert called[1:] == ["gather", "free", "record", "record more"]
