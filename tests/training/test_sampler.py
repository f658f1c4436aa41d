"""Drawing rollouts: whose weights, which seeds, what is logged."""

from contextlib import nullcontext
from dataclasses import replace

import torch
from rollout.engines import Recorder

from revisual.rollout.engine import Completions
from revisual.training.policy_engine import PolicyEngine
from revisual.training.sampler import RolloutSampler
from revisual.training.settings import RolloutSampling


class Words(torch.nn.Linear):
    """A policy of nine words."""

    def get_input_embeddings(self):
        return torch.nn.Embedding(9, 1)


class Answers(Recorder):
    """Answers with one token, the number of times that it was asked."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def generate(self, prompts, sampling, max_new_tokens, seeds):
        self.asked.append(([p.id for p in prompts], len(self.given), list(seeds)))
        rows = len(seeds)
        tokens = torch.full((rows, 1), len(self.asked))
        ones = torch.ones(rows, 1, dtype=torch.bool)
        return Completions(tokens, ones, torch.zeros(rows, 1), torch.zeros(rows, dtype=torch.bool), ~ones[:, 0])


def sampler(encoder):
    engine = Answers()
    one = PolicyEngine(engine)
    one.attach(Words(1, 1), encoder)
    return RolloutSampler(one, nullcontext, seed=3), engine


def test_a_group_for_each_prompt_with_seeds_of_its_own(mixed_prompts, encoder):
    draw, engine = sampler(encoder)
    drawn, stats = draw(mixed_prompts[:2], (), RolloutSampling(group_size=3), step=5, optimizer_step=5)
    (ids, given, seeds) = engine.asked[0]
    assert ids == [p.id for p in mixed_prompts[:2]] and given == 1 and len(set(seeds)) == 6
    assert drawn.version == 5 and len(drawn.completions.token_ids) == 6
    assert stats["rollout/tokens"] == 6.0 and stats["rollout/staleness"] == 0.0
    assert stats["rollout/tokens_per_second"] == 6.0 / stats["rollout/seconds"]
    draw(mixed_prompts[1:2], (), RolloutSampling(group_size=3), step=5, optimizer_step=5)
    assert engine.asked[1][2] == seeds[3:]  # a prompt's seeds do not depend on what is drawn beside it


def test_the_coming_prompts_are_drawn_with_the_weights_of_before(mixed_prompts, encoder):
    draw, engine = sampler(encoder)
    now, then = mixed_prompts[:1], [replace(mixed_prompts[1], id="then")]
    draw(now, then, RolloutSampling(2), step=0, optimizer_step=0)
    drawn, stats = draw(then, (), RolloutSampling(2), step=1, optimizer_step=1)
    assert [ids for ids, *_ in engine.asked] == [[now[0].id], ["then"]]
    assert drawn.version == 0 and stats["rollout/staleness"] == 1.0 and (drawn.completions.token_ids == 2).all()
    assert len(engine.given) == 2  # the weights of step 1 came after the drawing had ended
