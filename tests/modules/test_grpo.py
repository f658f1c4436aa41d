"""GRPO in a Lightning Trainer, against losses written out by hand."""

from dataclasses import dataclass, replace

import pytest
import torch
from torch.testing import assert_close

from revisual.errors import UserError
from revisual.hooks import RewardCallback
from revisual.models.lora import LoRA
from revisual.models.policy import PretrainedPolicy
from revisual.rl.aggregation import ConstantLength, SequenceMean, TokenMean
from revisual.rl.filters import AdvantageFilter, EffectiveOnly, PrioritizedAdvantageDistillation
from revisual.rl.losses import ClippedLoss
from revisual.rl.schedules import Constant, Linear
from revisual.rollout.hf import HFRollout

from .helpers import Keep, KeepNothing, fit, grpo, prompts, sgd, some_samples, total_norm, weights


def test_a_run_moves_the_weights_and_logs(policy_folder, tmp_path):
    module = grpo(policy_folder)
    module.configure_model()
    before = weights(module)
    run = fit(module, prompts(), tmp_path, 3)
    assert run.trainer.global_step == 3
    assert run.watch.moved == [True] * 3
    assert any(not torch.equal(value, before[name]) for name, value in weights(module).items())
    for name in ("train/loss", "reward/mean", "reward/tokens", "reward/accuracy", "rollout/response_length",
                 "rollout/tokens_per_second", "rollout/truncated_fraction", "rollout/invalid_fraction",
                 "advantage/kept_fraction", "policy/clip_fraction", "policy/entropy", "policy/ratio"):  # fmt: skip
        assert len(run.log.values(name)) == 3, name
    assert run.log.values("policy/ratio") == pytest.approx([1.0] * 3, abs=1e-5)
    assert run.log.values("rollout/response_length")[0] <= 6
    assert [step for step, row in run.log.rows if "train/loss" in row] == [0, 1, 2]
    assert run.log.values("train/empty_step") == []


# For each aggregation: a row's term and its count, from the losses of its tokens.
ROWS = {
    TokenMean(): lambda tokens: (tokens.sum(), len(tokens)),
    SequenceMean(): lambda tokens: (tokens.mean(), 1),
    ConstantLength(5): lambda tokens: (tokens.sum() / 5, 1),
}
BY_TOKEN = ROWS[TokenMean()]


def by_hand(folder, processor, encoder, batch, indices, row_weights, *, row=BY_TOKEN, entropy=0.0, kl=0.0):
    """Gradients of the full batch's loss, from one unpadded row at a time."""
    policy = PretrainedPolicy(str(folder)).load(processor)
    banned = [
        processor.tokenizer.convert_tokens_to_ids(t) for t in ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>")
    ]
    terms, count = [], 0.0
    for n, weight in zip(indices.tolist(), row_weights.tolist(), strict=True):
        prompt = batch.prompts[int(batch.prompt_index[n])]
        tokens = batch.token_ids[n][batch.completion_mask[n]]
        ids = torch.cat([prompt.token_ids, tokens])[None]
        types = torch.cat([prompt.mm_token_type_ids, torch.zeros_like(tokens)])[None]
        pictures = (
            processor.image_processor(images=list(prompt.pictures), return_tensors="pt") if prompt.pictures else {}
        )
        policy.model.rope_deltas = None
        logits = policy(input_ids=ids, attention_mask=torch.ones_like(ids), mm_token_type_ids=types, **pictures).logits
        logits = logits[0, len(prompt.token_ids) - 1 : -1].clone()
        allowed = [t for t in range(logits.shape[-1]) if t not in banned]
        logprobs = torch.full_like(logits, -1e9)
        logprobs[:, allowed] = logits[:, allowed].log_softmax(-1)
        own = logprobs[torch.arange(len(tokens)), tokens]
        h = -(logprobs[:, allowed].exp() * logprobs[:, allowed]).sum(-1)
        per_token = -(own - own.detach()).exp() * batch.advantages[n] - entropy * h
        term, own_count = row(per_token)
        terms.append(weight * term)
        count += weight * own_count
    loss = sum(terms) / count
    loss.backward()
    return float(loss), {n: p.grad for n, p in policy.named_parameters() if p.requires_grad}


@dataclass(frozen=True)
class WeightedHalf(AdvantageFilter):
    """Every third row, with unequal weights."""

    def __call__(self, advantages, accuracy, prompt_index, progress, generator):
        rows = torch.arange(0, len(advantages), 3)
        return rows, 1.0 + (rows % 2)


@pytest.mark.parametrize("aggregation", ROWS)
@pytest.mark.parametrize(("micro_batches", "policy"), [
    (1, {}), (2, {}), (4, {}), (1, {"packed": False}), (4, {"packed": False}), (2, {"gradient_checkpointing": True}),
])  # fmt: skip
def test_the_gradient_is_the_whole_steps(
    policy_folder, processor, encoder, tmp_path, micro_batches, policy, aggregation
):
    keep = Keep()
    module = grpo(
        policy_folder,
        policy,
        micro_batches=micro_batches,
        loss=ClippedLoss(aggregation=aggregation),
        entropy=Constant(0.1),
        optimizer=sgd,
        filter=WeightedHalf(),
    )
    data = prompts(batch_size=4)
    run = fit(module, data, tmp_path, 1, [keep], accumulate_grad_batches=micro_batches)
    row = ROWS[aggregation]
    expected_loss, expected = by_hand(policy_folder, processor, encoder, *keep.kept[0], row=row, entropy=0.1)
    assert len(keep.kept[0][1]) == 6
    assert run.watch.norms[0] == pytest.approx(total_norm(expected), rel=1e-4)
    assert total_norm(expected) > 1e-3
    for name, gradient in run.watch.gradients[0].items():
        assert_close(gradient, expected[name], atol=1e-6, rtol=1e-3)
    assert run.log.values("train/loss") == pytest.approx([expected_loss], abs=1e-5)


@dataclass(frozen=True)
class Drawn(AdvantageFilter):
    """Row 1 twice and row 6 three times, as repeated draws or as weights."""

    repeated: bool

    def __call__(self, advantages, accuracy, prompt_index, progress, generator):
        rows, times = torch.tensor([1, 6]), torch.tensor([2, 3])
        return (rows.repeat_interleave(times), torch.ones(5)) if self.repeated else (rows, times.float())


def test_repeated_rows_are_weights(policy_folder, tmp_path):
    runs = [
        fit(
            grpo(policy_folder, optimizer=sgd, filter=Drawn(repeated)),
            prompts(batch_size=4),
            tmp_path / str(repeated),
            1,
        )
        for repeated in (True, False)
    ]
    repeated, weighted = (run.watch.gradients[0] for run in runs)
    assert total_norm(weighted) > 1e-3
    for name, gradient in repeated.items():
        assert_close(gradient, weighted[name], atol=1e-7, rtol=1e-5)


def test_the_order_of_prompts_changes_no_gradient(policy_folder, tmp_path):
    samples = some_samples(4)
    runs = [
        fit(grpo(policy_folder, optimizer=sgd, micro_batches=2), prompts(given, batch_size=4),
            tmp_path / given[0].id, 1, accumulate_grad_batches=2)
        for given in (samples, samples[::-1])
    ]  # fmt: skip
    forward, backward = (run.watch.gradients[0] for run in runs)
    assert total_norm(forward) > 1e-3
    for name, gradient in forward.items():
        assert_close(gradient, backward[name], atol=1e-6, rtol=1e-3)


@pytest.mark.parametrize("micro_batches", [1, 4])
@pytest.mark.parametrize("share", [0.5, 2.0])
def test_clipping_sees_the_whole_steps_norm(policy_folder, processor, encoder, tmp_path, micro_batches, share):
    keep = Keep()
    module = grpo(policy_folder, optimizer=sgd)
    norm = fit(module, prompts(batch_size=4), tmp_path, 1, [keep]).watch.norms[0]
    start = weights_of(policy_folder, processor)
    module = grpo(policy_folder, micro_batches=micro_batches, optimizer=sgd)
    limit = share * norm
    fit(module, prompts(batch_size=4), tmp_path, 1, accumulate_grad_batches=micro_batches, gradient_clip_val=limit)
    moved = {n: start[n] - value for n, value in weights(module).items()}
    assert total_norm(moved) == pytest.approx(0.1 * min(norm, limit), rel=1e-3)  # SGD's learning rate is 0.1


def weights_of(folder, processor):
    return {n: p.detach() for n, p in PretrainedPolicy(str(folder)).load(processor).named_parameters()}


class EmptyFromStep(RewardCallback):
    """Makes the module's filter keep nothing from the second rollout on."""

    def on_rollout(self, trainer, module, batch):
        if module.rollout_step >= 1:
            module.filter = KeepNothing()
        return batch


@pytest.mark.parametrize("micro_batches", [1, 2])
def test_an_empty_selection_moves_nothing(policy_folder, tmp_path, micro_batches):
    module = grpo(policy_folder, micro_batches=micro_batches)
    run = fit(
        module, prompts(), tmp_path, 3, [EmptyFromStep()], accumulate_grad_batches=micro_batches, gradient_clip_val=1.0
    )
    assert run.watch.moved == [True, False, False]
    assert run.log.values("train/empty_step") == [1.0, 1.0]
    assert [step for step, row in run.log.rows if "train/empty_step" in row] == [1, 2]
    assert run.log.values("advantage/kept_fraction") == [1.0, 0.0, 0.0]
    assert all(value == value for value in run.log.values("train/loss"))


def test_some_empty_micro_batches_change_no_gradient(policy_folder, processor, encoder, tmp_path):
    """One row in four micro-batches: three are dummies."""

    @dataclass(frozen=True)
    class OneRow(AdvantageFilter):
        def __call__(self, advantages, accuracy, prompt_index, progress, generator):
            return advantages.abs().argmax()[None], torch.ones(1)

    keep = Keep()
    module = grpo(policy_folder, micro_batches=4, filter=OneRow(), optimizer=sgd)
    run = fit(module, prompts(), tmp_path, 1, [keep], accumulate_grad_batches=4)
    _, expected = by_hand(policy_folder, processor, encoder, *keep.kept[0])
    assert run.watch.norms[0] == pytest.approx(total_norm(expected), rel=1e-4)


class ForcedTokens(HFRollout):
    """An engine that lets banned tokens through: row 0 holds a picture token, row 3 a vision start."""

    def generate(self, prompts, sampling, max_new_tokens, seeds):
        completions = super().generate(prompts, sampling, max_new_tokens, seeds)
        config = self.policy.config
        token_ids, mask = completions.token_ids.clone(), completions.mask.clone()
        banned = torch.zeros(len(token_ids), dtype=torch.bool)
        for row, token in ((0, config.image_token_id), (3, config.vision_start_token_id)):
            token_ids[row, 0], mask[row, 0], banned[row] = token, True, True
        return replace(completions, token_ids=token_ids, mask=mask, banned=banned)


@pytest.mark.parametrize("filter", [EffectiveOnly(1e-6), KeepNothing()])
def test_a_row_with_a_banned_token_is_never_trained_on(policy_folder, tmp_path, filter):
    keep = Keep()
    module = grpo(policy_folder, engine=ForcedTokens(), filter=filter, micro_batches=2)
    run = fit(module, prompts(), tmp_path, 2, [keep], accumulate_grad_batches=2)
    for batch, indices, _ in keep.kept:
        assert batch.valid.tolist() == [False, True, True, False] + [True] * 4
        assert not {0, 3} & set(indices.tolist())
    assert run.log.values("rollout/invalid_fraction") == [0.25, 0.25]
    assert all(torch.isfinite(torch.tensor(run.log.values("train/loss"))))
    assert all(value.isfinite().all() for value in weights(module).values())


class AllForced(ForcedTokens):
    def generate(self, *args):
        completions = super().generate(*args)
        token_ids = completions.token_ids.clone()
        token_ids[:, 0] = self.policy.config.image_token_id
        return replace(completions, token_ids=token_ids, banned=torch.ones_like(completions.banned))


def test_nothing_valid_is_an_empty_step(policy_folder, tmp_path):
    module = grpo(policy_folder, engine=AllForced(), filter=PrioritizedAdvantageDistillation())
    run = fit(module, prompts(), tmp_path, 2)
    assert run.watch.moved == [False, False]
    assert run.log.values("train/empty_step") == [1.0, 1.0]


def test_a_policy_that_wants_pictures_is_trained(policy_folder, tmp_path):
    module = grpo(policy_folder, entropy=Constant(0.01), epochs=2, kl=Constant(0.1))
    module.configure_model()
    head = torch.nn.Linear(64, module.policy.config.text_config.vocab_size)
    head.weight.data.copy_(module.policy.lm_head.weight.data)
    head.bias.data.zero_()
    head.bias.data[module.banned] = 1e6
    module.policy.lm_head = head
    keep = Keep()
    run = fit(module, prompts(batch_size=4), tmp_path, 4, [keep], gradient_clip_val=1.0)
    assert all(batch.valid.all() for batch, _, _ in keep.kept)
    assert not any(torch.isin(batch.token_ids, module.banned).any() for batch, _, _ in keep.kept)
    assert run.watch.moved == [True] * 4
    assert all(torch.isfinite(torch.tensor(run.watch.norms))) and min(run.watch.norms) > 0
    assert all(value.isfinite().all() for value in weights(module).values())


def test_kl_to_the_reference_starts_at_zero(policy_folder, tmp_path):
    run = fit(grpo(policy_folder, kl=Constant(0.05)), prompts(), tmp_path, 4)
    kl = run.log.values("policy/kl")
    assert kl[0] == pytest.approx(0.0, abs=1e-9)
    assert kl[-1] > 1e-6
    assert not any("reference" in name for name in run.module.state_dict())


def test_the_reference_of_an_adapted_policy_is_the_policy_without_it(policy_folder, tmp_path):
    module = grpo(policy_folder, {"lora": LoRA(4, 8)}, kl=Constant(0.05))
    run = fit(module, prompts(), tmp_path, 4)
    kl = run.log.values("policy/kl")
    assert kl[0] == pytest.approx(0.0, abs=1e-9)
    assert kl[-1] > 1e-9
    assert module._reference == []


def test_several_updates_per_rollout_compare_with_the_policy_that_sampled(policy_folder, tmp_path):
    keep = Keep()
    module = grpo(policy_folder, micro_batches=2, epochs=2)
    run = fit(module, prompts(batch_size=2), tmp_path, 8, [keep])
    assert keep.steps == [0, 1]
    ratios = run.log.values("policy/ratio")
    assert ratios[0] == pytest.approx(1.0, abs=1e-4) and ratios[4] == pytest.approx(1.0, abs=1e-4)
    assert all(abs(ratios[step] - 1) > 1e-4 for step in (1, 2, 3, 5, 6, 7))


def test_old_and_new_logprobs_share_the_precision(policy_folder, tmp_path):
    run = fit(grpo(policy_folder, epochs=2), prompts(batch_size=2), tmp_path, 2, precision="bf16-mixed")
    assert run.log.values("policy/approx_kl")[0] == pytest.approx(0.0, abs=1e-9)


def test_rollout_logprobs_are_the_trainers_under_bf16_mixed(policy_folder, tmp_path):
    keep = Keep()
    run = fit(grpo(policy_folder, epochs=2), prompts(batch_size=2), tmp_path, 1, [keep], precision="bf16-mixed")
    batch = keep.kept[0][0]
    micro = run.module._micro[0]
    gap = (micro.old_logprobs - micro.rollout_logprobs)[micro.completion_mask].abs()
    assert gap.max() < 0.05 and len(micro) == len(batch)


def test_schedules_count_rollout_steps(policy_folder, tmp_path):
    seen = []

    class Note(RewardCallback):
        def on_rollout(self, trainer, module, batch):
            seen.append((module.rollout_step, module.rollout_steps, module.coefficients().entropy))
            return batch

    module = grpo(policy_folder, micro_batches=2, epochs=2, entropy=Linear(1.0, 0.0), filter=KeepNothing())
    fit(module, prompts(), tmp_path, 4, [Note()], accumulate_grad_batches=2)
    assert seen == [(0, 2, 1.0), (1, 2, 0.5)]
    seen.clear()
    module = grpo(policy_folder, entropy=Linear(1.0, 0.0), filter=KeepNothing())
    fit(module, prompts(some_samples(4)), tmp_path, -1, [Note()], max_epochs=2)
    assert seen == [(0, 4, 1.0), (1, 4, 0.75), (2, 4, 0.5), (3, 4, 0.25)]


def test_accumulation_must_divide_the_micro_batches(policy_folder, tmp_path):
    with pytest.raises(UserError, match="accumulate_grad_batches: 3 does not divide"):
        fit(grpo(policy_folder, micro_batches=2, epochs=3), prompts(), tmp_path, 1, accumulate_grad_batches=3)


def test_seeds_follow_the_run(policy_folder, tmp_path):
    def first(seed):
        keep = Keep()
        fit(grpo(policy_folder, seed=seed, filter=KeepNothing()), prompts(), tmp_path, 2, [keep])
        return [batch.token_ids.tolist() for batch, _, _ in keep.kept]

    assert first(0) == first(0) != first(1)


def test_the_same_prompt_is_answered_anew_in_the_next_epoch(policy_folder, tmp_path):
    keep = Keep()
    data = prompts(some_samples(4)[:1], batch_size=1)
    fit(grpo(policy_folder, filter=KeepNothing()), data, tmp_path, 2, [keep])
    first, second = (batch for batch, _, _ in keep.kept)
    assert first.prompts[0].id == second.prompts[0].id
    assert first.token_ids.tolist() != second.token_ids.tolist()
