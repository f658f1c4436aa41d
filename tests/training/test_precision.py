"""32-true, bf16-mixed and bf16-true, for SFT, GRPO and adapters on one process."""

import math

import pytest
import torch

from revisual.core.errors import UserError
from revisual.models.lora import LoRA
from revisual.models.precision import compute_dtype
from revisual.rl.schedules import Constant

from .helpers import ONE_ROW, examples, fit, grpo, prompts, sft, some_samples, weights


def run(method, policy_folder, tmp_path, precision, policy_options, **options):
    samples = some_samples(4)
    if method == "sft":
        module, data = sft(policy_folder, policy_options, **options), examples(samples)
    else:
        module, data = grpo(policy_folder, policy_options, **options), prompts(samples)
    torch.manual_seed(0)  # of the adapters
    module.configure_model()
    before = weights(module)
    return fit(module, data, tmp_path, 2, precision=precision), before


def assert_learned(run, before):
    losses = run.log.values("train/loss")
    assert len(losses) == 2 and all(map(math.isfinite, losses))
    assert run.watch.moved == [True, True]
    moved = {}
    for name, parameter in run.module.policy.named_parameters():
        if parameter.requires_grad:
            assert parameter.dtype == torch.float32, name
            moved[name] = not torch.equal(parameter, before[name])
        else:
            assert torch.equal(
                parameter.to(before[name].dtype), before[name].to(parameter.dtype).to(before[name].dtype)
            )
    return moved


@pytest.mark.parametrize("method", ["sft", "grpo"])
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_whole_policies_learn_in_float32(method, precision, policy_folder, tmp_path):
    moved = assert_learned(*run(method, policy_folder, tmp_path, precision, {}))
    assert all(moved.values()) and len(moved) > 20


@pytest.mark.parametrize("method", ["sft", "grpo"])
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed", "bf16-true"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_adapters_learn_in_float32(method, precision, dtype, policy_folder, tmp_path):
    options = {"lora": LoRA(4, 16.0), "dtype": dtype}
    trained, before = run(method, policy_folder, tmp_path, precision, options)
    moved = assert_learned(trained, before)
    assert all(".lora_" in name for name in moved) and all(moved.values())
    base = {p.dtype for n, p in trained.module.policy.named_parameters() if ".lora_" not in n}
    assert base == {torch.bfloat16 if precision == "bf16-true" or dtype == "bfloat16" else torch.float32}


@pytest.mark.parametrize("method", ["sft", "grpo"])
@pytest.mark.parametrize(
    ("precision", "options"),
    [("bf16-true", {}), ("bf16-true", {"freeze": ["vision_tower"]}), ("32-true", {"dtype": "bfloat16"})],
)
def test_whole_policies_in_bfloat16_are_refused(method, precision, options, policy_folder, tmp_path):
    with pytest.raises(UserError, match=r"stored in half precision.*bf16-mixed") as error:
        run(method, policy_folder, tmp_path, precision, options)
    assert "\n" not in str(error.value)


def test_why_they_are_refused(policy):
    """At a paper's rate, most elements of bfloat16 weights stay where they are."""
    share = {}
    for dtype in (torch.float32, torch.bfloat16):
        weight = policy.model.language_model.layers[0].mlp.up_proj.weight.detach().to(dtype).clone().requires_grad_()
        before, optimizer = weight.detach().clone(), torch.optim.AdamW([weight], lr=1e-6)
        generator = torch.Generator().manual_seed(0)
        for _ in range(20):
            weight.grad = torch.randn(weight.shape, generator=generator).to(dtype)
            optimizer.step()
        share[dtype] = float((weight != before).float().mean())
    assert share[torch.float32] > 0.95 > 0.1 > share[torch.bfloat16]


def test_rotary_frequencies_stay_exact_under_bf16_true(policy_folder, tmp_path, policy):
    trained, _ = run("sft", policy_folder, tmp_path, "bf16-true", {"lora": LoRA(4, 16.0)})
    exact = dict(policy.named_buffers())
    for name, buffer in trained.module.policy.named_buffers():
        assert torch.equal(buffer, exact[name]), name


@pytest.mark.parametrize("precision", ["bf16-mixed", "32-true"])
def test_the_reference_is_stored_as_it_is_computed(precision, policy_folder, tmp_path):
    """Without a step there is no divergence, though one of the two is stored in half the bytes."""
    module = grpo(policy_folder, kl_coef=Constant(0.1), optimizer=lambda p: torch.optim.SGD(p, lr=0.0))
    trained = fit(module, prompts(some_samples(4)), tmp_path, 2, precision=precision)
    reference = module.reference.copy
    matrices = {p.dtype for m in reference.modules() if isinstance(m, torch.nn.Linear) for p in m.parameters()}
    tied = reference.get_input_embeddings().weight is reference.lm_head.weight
    expected = {compute_dtype(precision)} | ({torch.float32} if tied else set())
    assert matrices == expected
    assert reference.get_input_embeddings().weight.dtype == torch.float32
    divergences = trained.log.values("policy/kl")
    assert divergences and all(value == 0.0 for value in divergences)


@pytest.mark.parametrize(("precision", "half"), [("32-true", False), ("bf16-mixed", True)])
def test_patches_are_kept_in_what_they_are_computed_in(policy_folder, tmp_path, precision, half):
    module = grpo(policy_folder)
    fit(module, prompts(), tmp_path, 1, precision=precision)
    prompt = module.encoder.encode(some_samples(2)[1])
    assert (module.encoder.vision_inputs(prompt)["pixel_values"].dtype == torch.bfloat16) is half


@pytest.mark.parametrize("precision", ["bf16-mixed", "bf16-true"])
def test_passes_add_up_in_half_precision_too(policy_folder, tmp_path, precision):
    """Backward passes within a training step are outside autocast, and buffers are not of the default type."""
    found = {}
    for limit in (16_384, ONE_ROW):
        policy = {} if precision == "bf16-mixed" else {"lora": LoRA(4, 8.0), "dtype": "bfloat16"}
        torch.manual_seed(0)  # adapters start at random
        module = grpo(policy_folder, policy, max_tokens_per_pass=limit)
        run = fit(module, prompts(batch_size=4), tmp_path / f"{limit}", 1, precision=precision)
        found[limit] = (len(module.update.passes), run.watch.norms[0])
    assert found[16_384][0] == 1 and found[ONE_ROW][0] == 16
    assert found[16_384][1] > 1e-4 and found[ONE_ROW][1] == pytest.approx(found[16_384][1], rel=0.03)
