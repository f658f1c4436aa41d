"""Engines that keep what they were asked."""

from revisual.rollout.engine import RolloutEngine


class Recorder(RolloutEngine):
    """Keeps the weights that it was given; cannot answer."""

    def __init__(self):
        self.given = []

    def attach(self, policy, encoder):
        self.attached = policy, encoder

    def load_weights(self, weights):
        self.given.append(dict(weights))
        self.needs_weights = False

    def generate(self, prompts, sampling, max_new_tokens, seeds):
        raise NotImplementedError
