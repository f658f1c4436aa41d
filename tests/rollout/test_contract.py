"""What an engine may give is checked, in one line."""

from dataclasses import replace

import pytest
import torch

from revisual.core.errors import UserError
from revisual.rollout.engine import Completions, EngineMemory, RolloutEngine, Sampling, draw_completions
from revisual.rollout.hf.engine import HFRollout
from revisual.rollout.vllm.engine import VLLMRollout
from revisual.rollout.vllm.server import VLLMServerRollout


def completions(rows=10):
    tokens = torch.full((rows, 3), 7)
    mask = torch.ones(rows, 3, dtype=torch.bool)
    mask[0, 2] = False
    logprobs = torch.full((rows, 3), -0.5).masked_fill(~mask, 0.0)
    ends = torch.zeros(rows, dtype=torch.bool)
    return Completions(tokens, mask, logprobs, ends, ends)


class Given(RolloutEngine):
    def __init__(self, given, policy=None):
        self.given, self.policy = given, policy

    def attach(self, policy, encoder):
        self.policy = policy

    def generate(self, prompts, sampling, max_new_tokens, seeds):
        return self.given

    def load_weights(self, weights):
        pass


def draw(given, policy, prompts, length=3):
    return draw_completions(Given(given, policy), prompts, Sampling(2), length, range(10))


def changed(name, row, column, value):
    given = completions()
    tensor = getattr(given, name).clone()
    tensor[row, column] = value
    return replace(given, **{name: tensor})


def test_what_keeps_the_contract_is_given_back(policy, mixed_prompts):
    given = completions()
    assert draw(given, policy, mixed_prompts) is given and draw(given, None, mixed_prompts) is given
    assert draw(changed("token_ids", 0, 2, -1), policy, mixed_prompts)  # behind the end


def test_the_answer_that_breaks_it_is_named(policy, mixed_prompts):
    given = changed("logprobs", 3, 1, float("nan"))
    given.logprobs[0, 2] = float("nan")  # behind the end
    with pytest.raises(UserError, match="a log-prob that is no finite number, in answer 1 to none"):
        draw(given, policy, mixed_prompts)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (completions(9), "9 answers to 5 prompts, where 2 to each were asked for"),
        (changed("token_ids", 3, 1, 400), "token 400, and the policy's vocabulary has 400"),
        (changed("token_ids", 3, 1, -2), "token -2, and the policy's vocabulary has 400"),
        (changed("logprobs", 3, 1, float("nan")), "a log-prob that is no finite number, in answer 1 to none"),
        (changed("logprobs", 4, 0, -float("inf")), "a log-prob that is no finite number, in answer 0 to two"),
        (changed("logprobs", 4, 0, 0.25), r"a log-prob of 0\.25, above 0"),
    ],
)
def test_what_breaks_it_is_one_line(policy, mixed_prompts, given, said):
    with pytest.raises(UserError, match=f"engine Given gave {said}") as error:
        draw(given, policy, mixed_prompts)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("logprobs", torch.zeros(10, 2), r"logprobs of shape \(10, 2\), where its token ids have \(10, 3\)"),
        ("mask", torch.ones(9, 3, dtype=torch.bool), r"mask of shape \(9, 3\)"),
        ("truncated", torch.zeros(9, dtype=torch.bool), r"truncated of shape \(9,\)"),
    ],
)
def test_tensors_that_do_not_belong_together(policy, mixed_prompts, name, given, said):
    made = completions()
    object.__setattr__(made, name, given)  # past the constructor, which checks shapes in tests alone
    with pytest.raises(UserError, match=f"engine Given gave {said}"):
        draw(made, policy, mixed_prompts)


def test_answers_longer_than_asked_for(policy, mixed_prompts):
    with pytest.raises(UserError, match="engine Given gave answers of 3 tokens, where 2 are the most"):
        draw(completions(), policy, mixed_prompts, length=2)


def test_engines_say_what_they_take_of_a_device():
    assert HFRollout(32, 5000).memory() == EngineMemory(uses_policy=True, max_rows=32, max_prefill_tokens=5000)
    assert VLLMRollout(gpu_memory_utilization=0.3).memory() == EngineMemory(share=0.3)
    assert VLLMServerRollout().memory() == EngineMemory()
    assert [e.runs_concurrently for e in (HFRollout, VLLMRollout, VLLMServerRollout)] == [False, False, True]
