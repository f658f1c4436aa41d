"""What is logged of an update's speed, on a CPU whose peak is stated."""

import weakref

import torch
from lightning.pytorch import Callback

from revisual.models.flops import count_work
from revisual.models.inputs import PromptedRows, packed_inputs
from revisual.training.update_speed import UpdateSpeed
from training.helpers import ONE_ROW, examples, fit, grpo, prompts, sft, some_samples


class Passes(Callback):
    """Counts tokens and operations of each update's passes, of inputs that are made anew, and keeps its seconds."""

    def __init__(self):
        self.updates, self.seconds = [], []

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        self.seconds.append(module.speed.seconds)
        works = [count_work(module.policy, inputs_of(module, one.rows)) for one in module.update.passes]
        self.updates.append((sum(w.tokens for w in works), sum(w.update for w in works)))


def inputs_of(module, rows):
    return module.inputs(rows.prompts, rows.prompt_index, rows.token_ids, rows.completion_mask)


def test_rollouts_and_old_logprobs_are_not_counted(policy_folder, tmp_path):
    """Two updates of several passes to a rollout step, whose old log-probs take forwards of their own."""
    module, passes = grpo(policy_folder, updates_per_rollout=2, max_tokens_per_pass=ONE_ROW), Passes()
    module.speed.peak = 1e9
    log = fit(module, prompts(some_samples(4)), tmp_path, 4, [passes]).log
    rates, uses = log.values("train/gpu_tokens_per_second"), log.values("train/mfu")
    assert len(passes.updates) == len(rates) == len(uses) == 4
    for (tokens, flops), seconds, rate, use in zip(passes.updates, passes.seconds, rates, uses, strict=True):
        assert abs(rate * seconds - tokens) < 1e-6 * tokens
        assert abs(use * seconds * 1e9 - flops) < 1e-6 * flops


def test_nothing_is_logged_where_the_peak_is_not_known(policy_folder, tmp_path):
    log = fit(sft(policy_folder), examples(some_samples(4)), tmp_path, 1).log
    assert log.rows and not log.values("train/mfu") and not log.values("train/gpu_tokens_per_second")


def test_what_is_kept_of_a_pass_is_small(policy, encoder, mixed_prompts):
    speed, mask = UpdateSpeed(), torch.ones(1, 3, dtype=torch.bool)
    speed.peak = 1e9
    rows = PromptedRows(mixed_prompts, torch.tensor([4]), encoder.vision_inputs, 0, mask.long(), mask)
    inputs = packed_inputs(policy, rows)
    patches = weakref.ref(inputs.arguments["pixel_values"])
    speed.begin(policy.device)
    speed.add(inputs)
    wanted = count_work(policy, inputs)
    del inputs
    assert patches() is None
    assert speed.end(policy, policy.device, 2).keys() == {"train/gpu_tokens_per_second", "train/mfu"}
    assert (speed.tokens, speed.flops) == (wanted.tokens, wanted.update)
