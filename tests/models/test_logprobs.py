"""The entropy's graph."""

import pytest
from training.helpers import fit, grpo, prompts

from revisual.rl.losses import ClippedLoss
from revisual.rl.schedules import Constant


@pytest.mark.parametrize("coefficient", [0.0, 0.1])
def test_the_entropy_keeps_a_graph_only_where_it_is_trained(policy_folder, tmp_path, coefficient):
    seen = []

    class Watched(ClippedLoss):
        def __call__(self, outputs, *args):
            seen.append(outputs.entropy.requires_grad)
            return super().__call__(outputs, *args)

    run = fit(grpo(policy_folder, loss=Watched(), entropy_coef=Constant(coefficient)), prompts(), tmp_path, 1)
    assert seen == [coefficient > 0] and run.log.values("policy/entropy")[0] > 1
