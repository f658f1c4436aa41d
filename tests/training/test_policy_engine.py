"""When an engine gets the policy's weights."""

from rollout.engines import Recorder
from torch import nn

from revisual.training.policy_engine import PolicyEngine


def test_weights_are_handed_over_when_they_have_changed(encoder):
    policy, engine = nn.Linear(2, 2), Recorder()
    one = PolicyEngine(engine)
    one.attach(policy, encoder)
    one.sync(0)
    one.sync(0)
    assert len(engine.given) == 1 and set(engine.given[0]) == {"weight", "bias"}
    one.sync(1)
    assert len(engine.given) == 2
    one.forget()
    one.sync(1)
    assert len(engine.given) == 3


def test_an_engine_that_lost_its_weights_gets_them_again(encoder):
    engine = Recorder()
    one = PolicyEngine(engine)
    one.attach(nn.Linear(2, 2), encoder)
    one.sync(0)
    engine.needs_weights = True
    one.sync(0)
    assert len(engine.given) == 2


def test_an_engine_that_keeps_no_policy_is_told_it(encoder):
    policy, engine = nn.Linear(2, 2), Recorder()
    assert engine.policy is None
    PolicyEngine(engine).attach(policy, encoder)
    assert engine.policy is policy
