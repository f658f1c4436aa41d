"""What the policy that is trained says of rollouts, in an update and beside the engine that drew them."""

from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float
from torch import Tensor

from revisual.core.distributed import all_max
from revisual.models.attention import shares_prompts
from revisual.models.logprobs import banned_token_ids, token_logprobs
from revisual.models.rounding import rounding_otherwise
from revisual.rl.batch import PolicyOutputs, RolloutBatch
from revisual.training.engine_check import LARGEST, NO_GAPS, logprob_gaps
from revisual.training.update import learns_pictures, pack_rollouts, spare_rollout

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
def score_by_reference(module: "GRPOModule", rollouts: RolloutBatch) -> Float[Tensor, "N T"]:
    """Return log-probs of completions under the reference, in passes that all ranks go through together."""
    parts = pack_rollouts(rollouts, range(len(rollouts)), module.max_tokens_per_pass, shares_prompts(module.policy))
    most = all_max({"passes": float(len(parts)), "pictures": float(any(p.pictures for p in rollouts.prompts))})
    spare = spare_rollout(rollouts, module.encoder.processor.tokenizer.eos_token_id)
    found = torch.zeros_like(rollouts.rollout_logprobs)
    with (
        module.trainer.precision_plugin.forward_context(),
        module.reference.active(module.policy, module.device) as reference,
    ):
        for number in range(int(most["passes"])):
            rows = rollouts.rows(parts[number]) if number < len(parts) else spare
            logprobs = score_rollouts(module, rows, most["pictures"] > 0, reference).logprobs
            if number < len(parts):
                found[parts[number]] = logprobs.to(found)
    return found


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
