"""The entropy coefficient by target: each step as the paper has it, and over a resume."""

import pytest
from lightning.pytorch.callbacks import ModelCheckpoint
from training.helpers import fit, grpo, prompts, some_samples

from revisual.callbacks import EntropyTarget


def by_hand(entropies, target, step, start, highest=1.0):
    """Coefficients that count at each rollout step (arXiv 2505.22312)."""
    used, coefficient, last = [], start, 0.0
    for entropy in entropies:
        used.append(coefficient if last <= target else 0.0)
        last = entropy
        coefficient = min(max(coefficient + (step if entropy < target else -step), 0.0), highest)
    return used


@pytest.mark.parametrize(("target", "start"), [(100.0, 0.0), (1e-6, 0.5), (100.0, 0.995)])
def test_the_coefficient_follows_the_entropy(policy_folder, tmp_path, target, start):
    module = grpo(policy_folder, updates_per_rollout=2)
    run = fit(module, prompts(some_samples(4)), tmp_path, 6, [EntropyTarget(target, 0.004, start)])
    entropies = run.log.values("policy/entropy")
    assert len(entropies) == 6
    used = run.log.values("policy/entropy_coef")[::2]
    assert used == pytest.approx(by_hand(entropies[1::2], target, 0.004, start))
    assert len(set(used)) > 1


def test_it_changes_what_is_learned(policy_folder, tmp_path):
    def norms(name, **options):
        run = fit(grpo(policy_folder), prompts(some_samples(4)), tmp_path / name, 1, [EntropyTarget(**options)])
        return run.watch.norms

    assert norms("none", target=100.0, start=0.0) != norms("much", target=100.0, start=0.9)


def test_a_resumed_run_goes_on_with_it(policy_folder, tmp_path):
    def run(folder, ckpt_path=None):
        saves = ModelCheckpoint(folder, filename="{step}", every_n_train_steps=1, save_top_k=-1)
        callbacks = [saves, EntropyTarget(100.0, 0.1)]
        data = prompts(some_samples(4))
        return fit(grpo(policy_folder), data, folder, 4, callbacks, ckpt_path, enable_checkpointing=True)

    whole = run(tmp_path / "whole").log.values("policy/entropy_coef")
    rest = run(tmp_path / "rest", tmp_path / "whole" / "step=2.ckpt").log.values("policy/entropy_coef")
    assert whole == pytest.approx([0.0, 0.1, 0.2, 0.3]) and rest == whole[2:]


def test_bounds_do_not_cross():
    with pytest.raises(ValueError, match="lowest"):
        EntropyTarget(lowest=0.5, highest=0.1)
