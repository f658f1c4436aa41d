"""Kernels for packed rows."""

import pytest
import torch
from torch.testing import assert_close

from models.attention.imitations import KERNELS, kind, like_flash_attn_2, like_torch_2_13
from models.test_attention import SEGMENTS, by_mask, tensors, visible
from revisual.models.attention import AttentionInputs, PackedRow
from revisual.models.attention.choice import candidates, fault_of, first_that_works
from revisual.models.attention.kernels import FusedSDPA, VarlenKernel


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("scaling", [0.3, None])
def test_every_kernel_sees_the_prompt_and_itself(name, scaling):
    query, key, value = tensors(18)
    ours = KERNELS[name](AttentionInputs(query, key, value, scaling), PackedRow(SEGMENTS))
    plain = by_mask(query, key, value, visible(), scaling or query.shape[-1] ** -0.5)
    assert_close(ours, plain)
    direction = torch.randn(ours.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for a, b in zip(
        torch.autograd.grad(ours, [query, key, value], direction),
        torch.autograd.grad(plain, [query, key, value], direction),
        strict=True,
    ):
        assert_close(a, b)


def test_dropout_is_only_for_kernels_that_have_it():
    kernels = [VarlenKernel(like_torch_2_13, "without"), VarlenKernel(like_flash_attn_2, "with")]
    assert first_that_works(kernels, "auto", kind(dropout=True)).name == "with"
    assert first_that_works(kernels, "auto", kind(dropout=False)).name == "without"


def test_torchs_own_varlen_attention_is_a_candidate():
    names = [kernel.name for kernel in candidates("torch")]
    assert names == ["torch's varlen attention", "torch's varlen attention with repeated key heads"]
    assert [kernel.name for kernel in candidates("auto")][-1] == FusedSDPA.name
    known = next(candidates("torch"))._known
    assert {"cu_seq_q", "cu_seq_k", "max_q", "max_k", "window_size", "scale"} <= known
    # It has no kernel for a CPU, which the trial finds.
    assert "_flash_attention_forward" in fault_of(next(candidates("torch")), kind(torch.bfloat16))
