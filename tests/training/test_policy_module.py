"""What modules share: fused optimizers, clipped as any other, and what loggers hold when a checkpoint is written."""

from pathlib import Path

import pytest
import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from torch.testing import assert_close

from revisual.report.files import read_csv_curves

from .helpers import adamw, examples, fit, fused_adamw, grpo, prompts, sft, some_samples, weights


def run(policy_folder, folder, optimizer, precision, steps=3, ckpt_path=None):
    module = sft(policy_folder, optimizer=optimizer, max_tokens_per_pass=150)
    saved = ModelCheckpoint(folder, filename="{step}", every_n_train_steps=1, save_top_k=-1)
    options = {"precision": precision, "gradient_clip_val": 0.01, "enable_checkpointing": True}
    return fit(module, examples(some_samples(8)), folder, steps, [saved], ckpt_path, **options)


@pytest.mark.parametrize(("precision", "steps"), [("32-true", 3), ("bf16-mixed", 1)])
def test_a_fused_optimizer_takes_the_same_steps(precision, steps, policy_folder, tmp_path):
    """In half precision, the last digit of a weight may turn a whole digit of the next step's gradient."""
    plain, fused = (run(policy_folder, tmp_path / one.__name__, one, precision, steps) for one in (adamw, fused_adamw))
    assert min(plain.watch.norms) > 0.01 and fused.watch.moved == [True] * steps
    for name, value in weights(fused.module).items():
        assert_close(value, weights(plain.module)[name], atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_a_fused_optimizer_resumes_exactly(precision, policy_folder, tmp_path):
    whole = run(policy_folder, tmp_path / "whole", fused_adamw, precision)
    resumed = run(policy_folder, tmp_path / "rest", fused_adamw, precision, ckpt_path=tmp_path / "whole/step=1.ckpt")
    assert len(resumed.watch.moved) == 2
    assert all(torch.equal(value, weights(whole.module)[name]) for name, value in weights(resumed.module).items())


class Counting(ModelCheckpoint):
    """Counts the optimizer steps in a logger's table whenever a checkpoint was written."""

    def _save_checkpoint(self, trainer, filepath):
        super()._save_checkpoint(trainer, filepath)
        path = Path(trainer.logger.log_dir) / "metrics.csv"
        steps = read_csv_curves(path)["train/loss"][0] if path.exists() else []
        self.seen = [*getattr(self, "seen", []), (trainer.global_step, len(steps))]


@pytest.mark.parametrize("kind", ["sft", "grpo"])
def test_a_checkpoint_is_written_after_the_rows_of_its_steps(policy_folder, tmp_path, kind):
    """A run that is killed goes on behind it, and logs no earlier step again."""
    module, data = (sft(policy_folder), examples()) if kind == "sft" else (grpo(policy_folder), prompts())
    logger = CSVLogger(tmp_path)
    saving = Counting(tmp_path, every_n_train_steps=1)
    trainer = Trainer(
        accelerator="cpu", max_steps=3, max_epochs=-1, log_every_n_steps=1, logger=logger, callbacks=[saving],
        num_sanity_val_steps=0,
        enable_progress_bar=False, enable_model_summary=False, use_distributed_sampler=False, inference_mode=False,
    )  # fmt: skip
    trainer.fit(module, data)
    assert saving.seen[:3] == [(1, 1), (2, 2), (3, 3)]
    assert read_csv_curves(Path(logger.log_dir) / "metrics.csv")["train/loss"][0] == [0.0, 1.0, 2.0]
