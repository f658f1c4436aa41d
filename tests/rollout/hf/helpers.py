"""Rollouts of transformers' engine."""

from revisual.core.seeds import stable_seed
from revisual.rollout.engine import Sampling
from revisual.rollout.hf.engine import HFRollout


def generate(policy, encoder, prompts, n=3, length=10, **options):
    """Completions, a row's seed from its prompt and place; options are the engine's."""
    engine = HFRollout(**options)
    engine.attach(policy, encoder)
    seeds = [stable_seed(prompt.id, j) for prompt in prompts for j in range(n)]
    return engine.generate(prompts, Sampling(n), length, seeds)
