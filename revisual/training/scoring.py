"""What the policy that is trained says of rollouts, in an update and beside the engine that drew them."""

from typing import TYPE_CHECKING, Any

import torch

from revisual.core.distributed import all_max
from revisual.models.logprobs import banned_token_ids, token_logprobs
from revisual.models.rounding import rounding_otherwise
from revisual.rl.batch import PolicyOutputs, RolloutBatch
from revisual.training.engine_check import LARGEST, NO_GAPS, logprob_gaps
from revisual.training.update import learns_pictures, spare_rollout

if TYPE_CHECKING:
    from revisual.training.grpo import GRPOModule


def score_rollouts(
    module: "GRPOModule",
    rollouts: RolloutBatch,
    uses_vision: bool,
    policy: Any = None,
    entropy_gradient: bool = False,
) -> PolicyOutputs:
    """Return log-probs and entropies of completions, under the temperature and banned tokens of the rollouts.

    Args:
        module: whose policy is asked.
        rollouts: to score.
        uses_vision: see `Pass`.
        policy: the reference, say; none: the policy that is trained.
        entropy_gradient: whether the entropy has a gradient.
    """
    mask = rollouts.completion_mask
    inputs = module.inputs(rollouts.prompts, rollouts.prompt_index, rollouts.token_ids, mask, uses_vision)
    return token_logprobs(
        policy or module.policy,
        inputs,
        rollouts.token_ids,
        mask,
        temperature=module.sampling.temperature,
        banned=banned_token_ids(module.policy),
        entropy_gradient=entropy_gradient,
    )


@torch.no_grad()
def compare_with_engine(module: "GRPOModule", rollouts: RolloutBatch) -> None:
    """Log how far the engine's log-probs of a few rollouts are from the policy's, dropout switched off.

    Raises:
        UserError: they are out of bounds, on any rank.
    """
    drawn_now = bool((rollouts.policy_version == module.rollout_step).all()) and module.sampling.top_p == 1
    if not (drawn_now and module.engine_check.is_due(module.rollout_step, module.engine.checked)):
        return
    rows = module.engine_check.choose(rollouts)
    asked = rows if len(rows) else spare_rollout(rollouts, module.encoder.processor.tokenizer.eos_token_id)
    uses_vision = all_max({"pictures": float(learns_pictures(rows))})["pictures"] > 0
    module.policy.eval()
    with module.trainer.precision_plugin.forward_context():  # every rank takes part, whatever it has to compare
        trained = score_rollouts(module, asked, uses_vision).logprobs
        with rounding_otherwise(module.policy):
            otherwise = score_rollouts(module, asked, uses_vision).logprobs
    module.policy.train()
    mask = rows.completion_mask
    gaps = all_max(logprob_gaps(trained, rows.rollout_logprobs, mask) if len(rows) else NO_GAPS)
    noise = all_max(logprob_gaps(trained, otherwise, mask) if len(rows) else NO_GAPS)[LARGEST]
    module.step_log.add(gaps | {"rollout/logprob_noise": noise})
    exact = module.policy.dtype == torch.float32 and module.trainer.precision == "32-true"
    module.engine_check.require(gaps, noise, exact)
    module.engine.checked = True
