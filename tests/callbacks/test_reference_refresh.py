"""A reference that follows the policy, and goes on following it when a run is resumed."""

import pytest
import torch
from lightning.pytorch import Callback
from lightning.pytorch.callbacks import ModelCheckpoint
from training.helpers import fit, grpo, prompts, sgd, some_samples, weights

from revisual.callbacks import ReferenceRefresh
from revisual.core.errors import UserError
from revisual.models.lora import LoRA
from revisual.rl.schedules import Constant


class Weights(Callback):
    """Keeps the policy's weights after each optimizer step."""

    def __init__(self):
        self.kept = []

    def on_train_start(self, trainer, pl_module):
        self.kept.append(weights(pl_module))

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        self.kept.append(weights(pl_module))


def run(policy_folder, folder, callbacks, ckpt_path=None):
    module = grpo(policy_folder, optimizer=sgd, kl_coef=Constant(0.05))
    saves = ModelCheckpoint(folder, filename="{step}", every_n_train_steps=1, save_top_k=-1)
    every = [saves, ReferenceRefresh(every=2, mix=0.25), *callbacks]
    return fit(module, prompts(some_samples(4)), folder, 5, every, ckpt_path, enable_checkpointing=True)


@pytest.fixture(scope="module")
def straight(policy_folder, tmp_path_factory):
    folder, kept = tmp_path_factory.mktemp("straight"), Weights()
    return folder, run(policy_folder, folder, [kept]), kept.kept


def test_it_takes_a_share_of_the_policy(straight):
    _, done, (first, _, second, _, fourth, _) = straight
    reference = dict(done.module.reference.copy.named_parameters())
    moved = 0.0
    for name, value in first.items():
        expected = 0.25 * fourth[name] + 0.75 * (0.25 * second[name] + 0.75 * value)
        torch.testing.assert_close(reference[name].detach(), expected, atol=1e-6, rtol=1e-5)
        moved = max(moved, float((expected - value).abs().max()))
    assert moved > 1e-5


@pytest.mark.parametrize("step", [1, 3])
def test_a_resumed_run_is_the_same(policy_folder, straight, tmp_path, step):
    folder, done, _ = straight
    resumed = run(policy_folder, tmp_path, [], folder / f"step={step}.ckpt")
    for one, other in (
        (done.module.policy, resumed.module.policy),
        (done.module.reference.copy, resumed.module.reference.copy),
    ):
        assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize("options", [{}, {"kl_coef": Constant(0.1), "policy_options": {"lora": LoRA(2, 8.0)}}])
def test_a_run_without_such_a_reference_is_refused(policy_folder, tmp_path, options):
    with pytest.raises(UserError, match="no reference with weights of its own"):
        fit(grpo(policy_folder, **options), prompts(), tmp_path, 1, [ReferenceRefresh()])
