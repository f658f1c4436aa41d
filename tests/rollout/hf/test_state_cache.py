"""States of prompts that are read in parts, and of answers that end early."""

import pytest
import torch
from models.families.helpers import Made, stock_logprobs, tiny_folder

from revisual.models.logprobs import banned_token_ids
from revisual.rollout.engine import Sampling
from revisual.rollout.hf.engine import HFRollout

SEEDS = list(range(10))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory, mixed_samples):
    return Made(tiny_folder("qwen3_5", tmp_path_factory.mktemp("state") / "tiny", layers=3), mixed_samples)


def draw(tiny, policy, **options):
    engine = HFRollout(**options)
    engine.attach(policy, tiny.encoder)
    return engine.generate(tiny.prompts, Sampling(2), 12, SEEDS)


def test_parts_side_by_side_are_the_whole(tiny):
    policy = tiny.policy()
    whole, parts = draw(tiny, policy), draw(tiny, policy, max_prefill_tokens=100)
    assert torch.equal(whole.token_ids, parts.token_ids)
    assert float((whole.logprobs - parts.logprobs).abs().max()) < 1e-5


def test_states_stay_with_their_answers(tiny):
    """Of tokens a third ends an answer: whole groups are let go of while others go on."""
    policy = tiny.policy()
    policy.generation_config.eos_token_id = list(range(0, 400, 3))
    drawn, stock, banned = draw(tiny, policy), tiny.stock(), banned_token_ids(policy)
    lengths = drawn.mask.sum(1).tolist()
    assert len(set(lengths)) > 3
    for row, length in enumerate(lengths):
        with torch.no_grad():
            expected = stock_logprobs(stock, tiny, tiny.prompts[row // 2], drawn.token_ids[row, :length], banned=banned)
        assert float((drawn.logprobs[row, :length] - expected).abs().max()) < 1e-5
