"""Settings of sampling."""

import pytest

from revisual.core.errors import UserError
from revisual.rollout.engine import Sampling
from revisual.training.settings import EvalSampling, RolloutSampling


def test_a_group_is_asked_for_as_it_is_set():
    sampling = RolloutSampling(group_size=3, max_new_tokens=9, temperature=0.7, top_p=0.9)
    assert sampling.of_group() == Sampling(n=3, temperature=0.7, top_p=0.9)


@pytest.mark.parametrize("options", [
    {"group_size": 0}, {"max_new_tokens": 0}, {"temperature": 0.0}, {"temperature": -1.0},
    {"temperature": float("inf")}, {"temperature": float("nan")}, {"top_p": 0.0}, {"top_p": 1.5},
])  # fmt: skip
def test_what_makes_no_sense_is_refused(options):
    with pytest.raises(UserError, match=next(iter(options))):
        RolloutSampling(**options)


def test_tests_are_drawn_as_validation_is_unless_said():
    greedy, four = Sampling(temperature=0.0), {"four": Sampling(n=4)}
    assert EvalSampling().of_stage("val") == EvalSampling().of_stage("test") == {"greedy": greedy}
    assert EvalSampling(four).of_stage("test") == four
    assert EvalSampling(test=four).of_stage("test") == four and EvalSampling(test=four).of_stage("val") != four


def test_an_answer_has_a_token_at_least():
    with pytest.raises(UserError, match="max_new_tokens"):
        EvalSampling(max_new_tokens=0)
