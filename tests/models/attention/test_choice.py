"""The kernel that is chosen."""

import logging
from unittest.mock import patch

import pytest
import torch
from torch.testing import assert_close

from models.attention.imitations import KERNELS, aligned_to_the_first_key, kind, like_torch_2_11, like_torch_2_13
from revisual.core.errors import UserError
from revisual.models.attention import choice
from revisual.models.attention.choice import errors_of, fault_of, first_that_works, kernel_for
from revisual.models.attention.kernels import FusedSDPA, VarlenKernel
from revisual.models.attention.layout import Segment


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_works_is_taken(name, causal, dtype):
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):  # where a validation may try them
        assert fault_of(KERNELS[name], kind(dtype, causal=causal)) is None


def test_what_does_not_work_is_not_taken(caplog):
    caplog.set_level(logging.INFO)
    wrong = [
        VarlenKernel(aligned_to_the_first_key, "wrong"),
        VarlenKernel(like_torch_2_11, "ungrouped"),
        VarlenKernel(like_torch_2_11, "ungrouped", grouped=False),
        FusedSDPA(),
    ]
    assert "off by" in fault_of(wrong[0], kind()) and "grouped heads" in fault_of(wrong[1], kind())
    assert first_that_works(wrong, "auto", kind()) is wrong[2]
    said = [record.getMessage() for record in caplog.records]
    assert said == ["attention: ungrouped with repeated key heads for 4 heads over 2 of 16 in float32 on cpu"]
    with pytest.raises(UserError) as error:
        first_that_works(wrong[:2], "torch", kind())
    assert "\n" not in str(error.value) and "'torch' names" in str(error.value)
    for kernel in wrong[:2]:
        assert f"{kernel.name}: " in str(error.value)


def test_a_kernel_whose_gradients_are_no_numbers_is_not_taken():
    class Spoilt(VarlenKernel):
        def __call__(self, inputs, row):
            inputs.value.register_hook(lambda gradient: gradient * torch.nan)
            return super().__call__(inputs, row)

    assert fault_of(Spoilt(like_torch_2_13, "spoilt"), kind()) == "its results are off by nan"


def test_errors_are_those_of_the_attended_and_of_three_gradients():
    """Against attention by hand, with a kernel that gives twice what it should."""

    class Doubled(VarlenKernel):
        def __call__(self, inputs, row):
            return 2 * super().__call__(inputs, row)

    assert errors_of(Doubled(like_torch_2_13, "doubled"), kind(), [Segment(5), Segment(3, 0)]) == pytest.approx([1] * 4)


def test_asking_for_a_gpus_kernel_on_a_cpu_is_one_line():
    with pytest.raises(UserError, match="attention: torch needs a GPU, and the policy is on cpu"):
        kernel_for("torch", kind())


def test_a_run_trains_with_the_kernel_that_is_chosen(policy, encoder, mixed_prompts):
    """Log-probs and gradients of a whole policy by a varlen kernel are those by the CPU's."""
    from revisual.models.inputs import PromptedRows, packed_inputs
    from revisual.models.logprobs import token_logprobs

    index = torch.tensor([0, 0, 1, 2, 2, 2, 3])
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(100, 200, (7, 5), generator=generator)
    mask = torch.arange(5) < torch.tensor([5, 2, 4, 1, 5, 3, 2])[:, None]
    kernel = VarlenKernel(like_torch_2_13, "a")
    results = []
    for choose in (choice.choose_kernel, lambda *_, **__: kernel):
        with patch("revisual.models.attention.interface.choose_kernel", choose):
            inputs = packed_inputs(policy, PromptedRows(mixed_prompts, index, encoder.vision_inputs, 0, ids, mask))
            logprobs = token_logprobs(policy, inputs, ids, mask).logprobs
        policy.zero_grad()
        logprobs.sum().backward()
        results.append((logprobs.detach(), {n: p.grad.clone() for n, p in policy.named_parameters()}))
    assert_close(results[1][0], results[0][0], atol=1e-5, rtol=1e-4)
    for name, gradient in results[0][1].items():
        assert_close(results[1][1][name], gradient, atol=1e-4, rtol=1e-3, msg=name)
