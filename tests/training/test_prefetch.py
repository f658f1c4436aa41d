"""Rollouts drawn one step ahead."""

from dataclasses import replace

import pytest
import torch
from torch.utils.data import Dataset

from revisual.core.errors import UserError
from revisual.data.loader import BatchLoader
from revisual.rl.importance import TokenImportance
from revisual.rl.losses import ClippedLoss
from revisual.rollout.engine import Completions
from revisual.rollout.hf.engine import HFRollout
from revisual.training.prefetch import DrawnRollouts, Prefetch

from .helpers import Keep, fit, grpo, prompts, some_samples

CORRECTED = ClippedLoss(importance=TokenImportance())


class Apart(HFRollout):
    """Draws with weights of its own: those that it was given last."""

    runs_concurrently = True

    def __init__(self):
        super().__init__()
        self.given, self.began, self.running = [], [], 0

    def load_weights(self, weights):
        assert self.running == 0  # never while rollouts are being drawn
        self.weights = {name: value.clone() for name, value in weights}
        self.given.append(self.weights)

    def generate(self, prompts, sampling, max_new_tokens, seeds):
        self.running += 1
        self.began.append(([prompt.id for prompt in prompts], len(self.given)))
        trained, self.policy = self.policy, self.copy()
        try:
            return super().generate(prompts, sampling, max_new_tokens, seeds)
        finally:
            self.policy = trained
            self.running -= 1

    def copy(self):
        own = type(self.policy)(self.policy.config)
        own.load_state_dict({name: value for name, value in self.weights.items() if name in own.state_dict()})
        return own.eval()


def test_rollouts_are_one_step_old_and_corrected(policy_folder, tmp_path):
    engine, keep = Apart(), Keep()
    module = grpo(policy_folder, engine=engine, loss=CORRECTED, max_staleness=1)
    run = fit(module, prompts(some_samples(12), batch_size=2), tmp_path, 5, [keep])
    assert run.log.values("rollout/staleness") == [0, 1, 1, 1, 1]
    assert [batch.policy_version.unique().tolist() for batch, _, _ in keep.kept] == [[0], [0], [1], [2], [3]]
    assert [ids for ids, _ in engine.began] == [[p.id for p in batch.prompts] for batch, _, _ in keep.kept]
    assert [given for _, given in engine.began] == [1, 1, 2, 3, 4]  # with the weights of the step before
    assert not torch.equal(*(given["lm_head.weight"] for given in engine.given[:2]))


def test_without_staleness_every_rollout_has_the_steps_weights(policy_folder, tmp_path):
    engine, keep = Apart(), Keep()
    run = fit(grpo(policy_folder, engine=engine), prompts(some_samples(12), batch_size=2), tmp_path, 3, [keep])
    assert run.log.values("rollout/staleness") == [0, 0, 0]
    assert [given for _, given in engine.began] == [1, 2, 3]


@pytest.mark.parametrize(
    "options", [{"engine": None, "loss": CORRECTED}, {"engine": Apart(), "loss": ClippedLoss()}], ids=["engine", "loss"]
)
def test_what_cannot_draw_ahead_is_refused(policy_folder, options):
    with pytest.raises(UserError, match=r"model\.max_staleness: 1 .*VLLMServerRollout"):
        grpo(policy_folder, max_staleness=1, **options)


def test_what_drawing_raises_is_raised_where_rollouts_are_taken(mixed_prompts):
    ahead = Prefetch()

    def fail():
        raise UserError("the server is gone")

    ahead.start(mixed_prompts, fail)
    with pytest.raises(UserError, match="the server is gone"):
        ahead.take(mixed_prompts)
    assert ahead.take(mixed_prompts) is None


def test_rollouts_of_other_prompts_are_not_taken(mixed_prompts):
    empty = torch.zeros(0, 0)
    none = Completions(empty.long(), empty.bool(), empty, torch.zeros(0).bool(), torch.zeros(0).bool())
    ahead = Prefetch()
    ahead.start(mixed_prompts, lambda: DrawnRollouts(none, 3))
    ahead.finish()
    assert ahead.take([replace(mixed_prompts[0], id="another")]) is None
    ahead.start(mixed_prompts, lambda: DrawnRollouts(none, 3))
    assert ahead.take(mixed_prompts).version == 3


class Numbers(Dataset):
    def __len__(self):
        return 7

    def __getitem__(self, index):
        return index


def test_a_loader_looks_ahead():
    loader = BatchLoader(Numbers(), 2, repeat=2, shuffle=False, look_ahead=True)
    assert [(p.items, p.update, p.upcoming) for p in loader] == [
        ([0, 1], 0, [2, 3]),
        ([0, 1], 1, [2, 3]),
        ([2, 3], 0, [4, 5]),
        ([2, 3], 1, [4, 5]),
        ([4, 5], 0, ()),
        ([4, 5], 1, ()),
    ]
    loader.load_state_dict({"batches": 1})
    assert [(p.items, p.update) for p in loader] == [([2, 3], 0), ([2, 3], 1), ([4, 5], 0), ([4, 5], 1)]
