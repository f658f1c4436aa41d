"""GRPO in a Lightning Trainer, against losses written out by hand."""

from dataclasses import replace

import pytest
import torch

from revisual.models.logprobs import banned_token_ids
from revisual.models.lora import LoRA
from revisual.rl.callbacks import RewardCallback
from revisual.rl.filters import EffectiveOnly, PrioritizedAdvantageDistillation
from revisual.rl.schedules import Constant, Linear
from revisual.rollout.hf.engine import HFRollout

from .helpers import ONE_ROW, Keep, KeepNothing, fit, grpo, prompts, some_samples, weights


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


class EmptyFromStep(RewardCallback):
    """Makes the module's filter keep nothing from the second rollout on."""

    def on_rollout(self, trainer, module, batch):
        if module.rollout_step >= 1:
            module.advantage_filter = KeepNothing()
        return batch


@pytest.mark.parametrize("limit", [16_384, ONE_ROW])
def test_an_empty_selection_moves_nothing(policy_folder, tmp_path, limit):
    module = grpo(policy_folder, max_tokens_per_pass=limit)
    run = fit(module, prompts(), tmp_path, 3, [EmptyFromStep()], gradient_clip_val=1.0)
    assert run.watch.moved == [True, False, False]
    assert run.log.values("train/empty_step") == [1.0, 1.0]
    assert [step for step, row in run.log.rows if "train/empty_step" in row] == [1, 2]
    assert run.log.values("advantage/kept_fraction") == [1.0, 0.0, 0.0]
    assert all(value == value for value in run.log.values("train/loss"))


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
    module = grpo(policy_folder, engine=ForcedTokens(), advantage_filter=filter, max_tokens_per_pass=ONE_ROW)
    run = fit(module, prompts(), tmp_path, 2, [keep])
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
    module = grpo(policy_folder, engine=AllForced(), advantage_filter=PrioritizedAdvantageDistillation())
    run = fit(module, prompts(), tmp_path, 2)
    assert run.watch.moved == [False, False]
    assert run.log.values("train/empty_step") == [1.0, 1.0]


def test_a_policy_that_wants_pictures_is_trained(policy_folder, tmp_path):
    module = grpo(
        policy_folder, entropy_coef=Constant(0.01), updates_per_rollout=2, num_iterations=2, kl_coef=Constant(0.1)
    )
    module.configure_model()
    head = torch.nn.Linear(64, module.policy.config.text_config.vocab_size)
    head.weight.data.copy_(module.policy.lm_head.weight.data)
    head.bias.data.zero_()
    banned = banned_token_ids(module.policy)
    head.bias.data[banned] = 1e6
    module.policy.lm_head = head
    keep = Keep()
    run = fit(module, prompts(batch_size=4), tmp_path, 4, [keep], gradient_clip_val=1.0)
    assert all(batch.valid.all() for batch, _, _ in keep.kept)
    assert not any(torch.isin(batch.token_ids, banned).any() for batch, _, _ in keep.kept)
    assert run.watch.moved == [True] * 4
    assert all(torch.isfinite(torch.tensor(run.watch.norms))) and min(run.watch.norms) > 0
    assert all(value.isfinite().all() for value in weights(module).values())


def test_kl_to_the_reference_starts_at_zero(policy_folder, tmp_path):
    run = fit(grpo(policy_folder, kl_coef=Constant(0.05)), prompts(), tmp_path, 4)
    kl = run.log.values("policy/kl")
    assert kl[0] == pytest.approx(0.0, abs=1e-9)
    assert kl[-1] > 1e-6
    assert not any("reference" in name for name in run.module.state_dict())


def test_the_reference_of_an_adapted_policy_is_the_policy_without_it(policy_folder, tmp_path):
    module = grpo(policy_folder, {"lora": LoRA(4, 8)}, kl_coef=Constant(0.05))
    run = fit(module, prompts(), tmp_path, 4)
    kl = run.log.values("policy/kl")
    assert kl[0] == pytest.approx(0.0, abs=1e-9)
    assert kl[-1] > 1e-9
    assert module.reference.copy is None


def test_several_updates_per_rollout_compare_with_the_policy_that_sampled(policy_folder, tmp_path):
    keep = Keep()
    module = grpo(policy_folder, updates_per_rollout=4, num_iterations=2)
    run = fit(module, prompts(batch_size=2), tmp_path, 8, [keep])
    assert keep.steps == [0, 1]
    ratios = run.log.values("policy/ratio")
    assert ratios[0] == pytest.approx(1.0, abs=1e-4) and ratios[4] == pytest.approx(1.0, abs=1e-4)
    assert all(abs(ratios[step] - 1) > 1e-4 for step in (1, 2, 3, 5, 6, 7))


def test_old_and_new_logprobs_share_the_precision(policy_folder, tmp_path):
    run = fit(
        grpo(policy_folder, updates_per_rollout=2, num_iterations=2),
        prompts(batch_size=2),
        tmp_path,
        2,
        precision="bf16-mixed",
    )
    assert run.log.values("policy/approx_kl")[0] == pytest.approx(0.0, abs=1e-9)


def test_rollout_logprobs_are_the_trainers_under_bf16_mixed(policy_folder, tmp_path):
    keep = Keep()
    module = grpo(policy_folder, updates_per_rollout=2, num_iterations=2)
    run = fit(module, prompts(batch_size=2), tmp_path, 1, [keep], precision="bf16-mixed")
    batch = keep.kept[0][0]
    micro = run.module.update.passes[0].rows
    gap = (micro.old_logprobs - micro.rollout_logprobs)[micro.completion_mask].abs()
    assert gap.max() < 0.05 and len(micro) == len(batch)


def test_schedules_count_rollout_steps(policy_folder, tmp_path):
    seen = []

    class Note(RewardCallback):
        def on_rollout(self, trainer, module, batch):
            seen.append(
                (
                    module.rollout_step,
                    module.rollout_steps,
                    module.coefficients(module.rollout_step, module.rollout_steps).entropy,
                )
            )
            return batch

    options = {"entropy_coef": Linear(1.0, 0.0), "advantage_filter": KeepNothing()}
    fit(grpo(policy_folder, updates_per_rollout=2, **options), prompts(), tmp_path, 4, [Note()])
    assert seen == [(0, 2, 1.0), (1, 2, 0.5)]
    seen.clear()
    module = grpo(policy_folder, **options)
    fit(module, prompts(some_samples(4)), tmp_path, -1, [Note()], max_epochs=2)
    assert seen == [(0, 4, 1.0), (1, 4, 0.75), (2, 4, 0.5), (3, 4, 0.25)]


def test_seeds_follow_the_run(policy_folder, tmp_path):
    def first(seed):
        keep = Keep()
        fit(grpo(policy_folder, seed=seed, advantage_filter=KeepNothing()), prompts(), tmp_path, 2, [keep])
        return [batch.token_ids.tolist() for batch, _, _ in keep.kept]

    assert first(0) == first(0) != first(1)


def test_the_same_prompt_is_answered_anew_in_the_next_epoch(policy_folder, tmp_path):
    keep = Keep()
    data = prompts(some_samples(4)[:1], batch_size=1)
    fit(grpo(policy_folder, advantage_filter=KeepNothing()), data, tmp_path, 2, [keep])
    first, second = (batch for batch, _, _ in keep.kept)
    assert first.prompts[0].id == second.prompts[0].id
    assert first.token_ids.tolist() != second.token_ids.tolist()
