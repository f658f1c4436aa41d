"""The check that engine and trainer are one policy."""

import math
from dataclasses import dataclass, field

import pytest
import torch

from revisual.core.errors import UserError
from revisual.rl.importance import TokenImportance
from revisual.rl.losses import ClippedLoss
from revisual.rollout.hf.engine import HFRollout
from revisual.training.engine_check import EngineCheck, logprob_gaps

from .helpers import fit, grpo, prompts

GAP, MEAN, KL = "rollout/logprob_gap", "rollout/logprob_gap_mean", "rollout/logprob_kl"


class OtherWeights(HFRollout):
    """An engine that has a slightly different policy."""

    def generate(self, *args, **kwargs):
        norm = self.policy.model.language_model.norm.weight
        with torch.no_grad():
            norm.mul_(1.01)
            try:
                return super().generate(*args, **kwargs)
            finally:
                norm.div_(1.01)


def test_gaps_by_hand():
    trained, sampled = torch.tensor([[-1.0, -2.0, 5.0]]), torch.tensor([[-1.0, -2.1, -9.0]])
    gaps = logprob_gaps(trained, sampled, torch.tensor([[True, True, False]]))
    assert gaps == pytest.approx({GAP: 0.1, MEAN: 0.05, KL: (math.exp(0.1) - 0.1 - 1) / 2}, rel=1e-4)


@pytest.mark.parametrize(("gaps", "noise", "exact", "passes"), [
    ((9e-5, 9.0, 9.0), 0.0, True, True), ((2e-4, 0.0, 0.0), 0.0, True, False), ((math.nan, 0.0, 0.0), 9.0, True, False),
    ((2e-4, 0.0, 0.0), 1.4e-5, True, True), ((2.3e-4, 0.0, 0.0), 1.4e-5, True, False),
    ((9.0, 0.029, 0.014), 0.0, False, True), ((0.0, 0.031, 0.0), 9.0, False, False),
    ((0.0, 0.0, 0.016), 9.0, False, False),
])  # fmt: skip
def test_default_bounds(gaps, noise, exact, passes):
    measured = dict(zip((GAP, MEAN, KL), gaps, strict=True))
    if passes:
        EngineCheck().require(measured, noise, exact)
    else:
        with pytest.raises(UserError, match="do not compute the same policy"):
            EngineCheck().require(measured, noise, exact)


def test_given_bounds_take_the_defaults_place():
    EngineCheck(mean=0.5).require({GAP: 9.0, MEAN: 0.4, KL: 9.0}, 0.0, exact=True)
    with pytest.raises(UserError, match=r"logprob_gap_mean is 0\.6, more than 0\.5"):
        EngineCheck(mean=0.5).require({GAP: 0.0, MEAN: 0.6, KL: 0.0}, 9.0, exact=True)


@dataclass(frozen=True)
class Noted(EngineCheck):
    seen: list = field(default_factory=list)

    def require(self, gaps, noise, exact):
        self.seen.append((gaps[GAP], noise, exact))


def test_a_run_is_compared_at_its_start_and_then_now_and_again(policy_folder, tmp_path):
    parity = Noted(every=2)
    run = fit(grpo(policy_folder, engine_check=parity), prompts(), tmp_path, 5)
    assert len(parity.seen) == 3 and all(0 < gap < 16 * noise < 1e-4 and exact for gap, noise, exact in parity.seen)
    assert run.log.values("rollout/logprob_noise") == pytest.approx([noise for _, noise, _ in parity.seen])
    assert run.log.values(GAP)[0] == pytest.approx(parity.seen[0][0])
    run = fit(grpo(policy_folder, engine_check=EngineCheck(every=0)), prompts(), tmp_path / "off", 2)
    assert run.log.values(GAP) == []


def test_an_engine_with_other_weights_ends_the_run(policy_folder, tmp_path):
    with pytest.raises(UserError, match=r"logprob_gap is .*, more than 0\.0001"):
        fit(grpo(policy_folder, engine=OtherWeights()), prompts(), tmp_path, 2)


def test_a_nucleus_is_corrected_or_refused(policy_folder, tmp_path):
    with pytest.raises(UserError, match=r"model\.sampling\.top_p: 0\.9 draws from a nucleus"):
        fit(grpo(policy_folder, top_p=0.9), prompts(), tmp_path, 1)
    loss = ClippedLoss(importance=TokenImportance())
    run = fit(grpo(policy_folder, top_p=0.9, loss=loss), prompts(), tmp_path / "corrected", 1)
    # A nucleus makes what it holds likelier: every weight is at most 1, and at least the nucleus's mass.
    assert 0.85 <= run.log.values("policy/importance_weight")[0] < 1.0
