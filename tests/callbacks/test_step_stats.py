"""What every step logs by default."""

import pytest
import torch
from lightning.pytorch import LightningModule
from torch.optim.lr_scheduler import LinearLR
from training.helpers import examples, fit, grpo, prompts, quiet_trainer, sft, some_samples

from revisual.callbacks import StepStats
from revisual.callbacks.step_stats import gradient_norm

NAMES = ("train/lr", "train/gradient_norm", "train/seconds", "train/peak_memory_mib")


def test_of_sft(policy_folder, tmp_path):
    module = sft(policy_folder, scheduler=lambda optimizer: LinearLR(optimizer, 1.0, 0.0, total_iters=2))
    run = fit(module, examples(), tmp_path, 3, [StepStats()], gradient_clip_val=0.1)
    assert all(len(run.log.values(name)) == 3 for name in (*NAMES, "train/tokens_per_second"))
    assert run.log.values("train/gradient_norm") == pytest.approx(run.watch.norms, rel=1e-5)
    assert min(run.log.values("train/gradient_norm")) > 0.1  # before it is clipped
    assert run.log.values("train/lr") == pytest.approx([1e-3, 5e-4, 0.0])
    pairs = zip(run.log.values("train/tokens"), run.log.values("train/seconds"), strict=True)
    assert run.log.values("train/tokens_per_second") == pytest.approx([tokens / seconds for tokens, seconds in pairs])


def test_of_grpo_with_rollouts_in_the_time(policy_folder, tmp_path):
    module = grpo(policy_folder, updates_per_rollout=2)
    run = fit(module, prompts(some_samples(4), batch_size=4), tmp_path, 2, [StepStats()])
    assert all(len(run.log.values(name)) == 2 for name in NAMES)
    assert run.log.values("train/seconds")[0] >= run.log.values("rollout/seconds")[0] > 0
    assert run.log.values("train/tokens_per_second") == []


def test_a_norm_is_over_all_parameters():
    parameters = [torch.nn.Parameter(torch.zeros(2)) for _ in range(3)]
    optimizer = torch.optim.SGD([{"params": parameters[:1]}, {"params": parameters[1:]}], lr=1.0)
    assert gradient_norm(optimizer) == 0.0
    parameters[0].grad, parameters[2].grad = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 4.0])
    assert gradient_norm(optimizer) == 5.0


class Other(LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).sum()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


def test_other_modules_are_left_alone():
    trainer = quiet_trainer(max_steps=1, callbacks=[StepStats()])
    trainer.fit(Other(), torch.utils.data.DataLoader(torch.ones(4, 1)))
    assert not trainer.callback_metrics
