"""Steps with numbers that are not finite: told with their origin, or skipped."""

from dataclasses import replace

import pytest
import torch

from revisual.callbacks import HFExport
from revisual.core.errors import UserError
from revisual.training.finite import FiniteCheck

from .helpers import ONE_ROW, examples, fit, grpo, prompts, sft, some_samples, weights

NAN = float("nan")


def ids_of(rows):
    if hasattr(rows, "prompt_index"):
        return [rows.prompts[i].id for i in rows.prompt_index.tolist()]
    return [one.prompt.id for one in rows.rows]


def spoil_sample(module, name, value=NAN):
    """Let a pass with a sample give a loss that is no number."""

    def spoiled(one, loss):
        return loss * value if name in ids_of(one.rows) else loss

    change_losses(module, spoiled)


def change_losses(module, change):
    """Have the passes of all updates give what `change` makes of them and their losses."""
    prepare = module.prepare_updates

    def changed(update):
        def loss_of_pass(one, count):
            loss, stats = update.loss_of_pass(one, count)
            return change(one, loss), stats

        return replace(update, loss_of_pass=loss_of_pass)

    module.prepare_updates = lambda batch: [changed(update) for update in prepare(batch)]


@pytest.mark.parametrize("passes", [{}, {"max_tokens_per_pass": ONE_ROW}])
@pytest.mark.parametrize("value", [NAN, float("inf")])
def test_a_loss_ends_the_run_and_names_the_sample(policy_folder, tmp_path, passes, value):
    samples = some_samples(8)
    module = sft(policy_folder, **passes)
    spoil_sample(module, samples[5].id, value)
    with pytest.raises(UserError, match=r"step [01]: train/loss is not finite") as caught:
        fit(module, examples(samples), tmp_path, 2, [HFExport("export")])
    assert f"it began with sample {samples[5].id!r}" in str(caught.value) and "\n" not in str(caught.value)
    assert not (tmp_path / "export").exists()
    assert all(torch.isfinite(value).all() for value in weights(module).values())


def test_a_loss_of_rollouts_names_the_sample(policy_folder, tmp_path):
    samples = some_samples(4)
    module = grpo(policy_folder)
    spoil_sample(module, samples[1].id)
    with pytest.raises(UserError, match=f"train/loss is not finite; it began with sample '{samples[1].id}'"):
        fit(module, prompts(samples), tmp_path, 2)


def test_a_gradient_ends_the_run_and_names_the_weight(policy_folder, tmp_path):
    class Spoil(FiniteCheck):
        def on_before_backward(self, trainer, pl_module, loss):
            name, parameter = next(iter(pl_module.policy.named_parameters()))
            if not hasattr(self, "name"):
                parameter.register_hook(lambda gradient: gradient * NAN)
                self.name = name

    spoiler = Spoil()
    with pytest.raises(UserError, match=r"step 0: the gradient of .* is not finite; it began with sample") as caught:
        fit(sft(policy_folder), examples(), tmp_path, 1, [spoiler])
    assert spoiler.name in str(caught.value)


def test_a_learning_rate_ends_the_run(policy_folder, tmp_path):
    def scheduler(optimizer):
        return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0 if step == 0 else NAN)

    module = sft(policy_folder, scheduler=scheduler)
    with pytest.raises(UserError, match="step 1: the learning rate, nan, is not finite"):
        fit(module, examples(), tmp_path, 3)


def test_such_steps_are_skipped_and_counted(policy_folder, tmp_path):
    """The run is the one in which the bad step has nothing to learn from."""
    samples = some_samples(8)
    module = sft(policy_folder)
    spoil_sample(module, samples[5].id)
    run = fit(module, examples(samples), tmp_path / "skipped", 2, [FiniteCheck(skip=True)])
    assert run.log.values("train/skipped_steps")[-1] == 1.0
    assert sorted(run.watch.moved) == [False, True]
    assert all(torch.isfinite(value).all() for value in weights(module).values())


def test_too_many_skipped_steps_end_the_run(policy_folder, tmp_path):
    module = sft(policy_folder)
    change_losses(module, lambda one, loss: loss * NAN)
    with pytest.raises(UserError, match="step 2: train/loss is not finite"):
        fit(module, examples(), tmp_path, 5, [FiniteCheck(skip=True, most_skipped=2)])
