"""What makes no sense in a GRPO module's settings."""

from typing import TYPE_CHECKING

from revisual.core.errors import UserValueError

if TYPE_CHECKING:
    from revisual.training.grpo import GRPOModule


def check_settings(module: "GRPOModule") -> None:
    """Check settings against each other.

    Raises:
        UserValueError: they make no sense together.
    """
    updates, iterations = module.updates_per_rollout, module.num_iterations
    if updates < 1 or iterations < 1 or updates % iterations:
        raise UserValueError(
            f"model.updates_per_rollout, {updates}, must be a multiple of model.num_iterations, {iterations}, and both "
            "at least 1"
        )
    if module.advantage.needs_groups and module.sampling.group_size < 2:
        raise UserValueError(
            f"model.sampling.group_size: {module.sampling.group_size}, and {type(module.advantage).__name__} compares "
            "a rollout with others of its prompt: at least 2"
        )
    top_p = module.sampling.top_p
    if top_p < 1 and not module.loss.corrects_sampling:
        raise UserValueError(
            f"model.sampling.top_p: {top_p} draws from a nucleus, which is not the policy's distribution; give "
            "model.loss an importance (TokenImportance or SequenceImportance), or sample with top_p 1"
        )
    if module.max_staleness and module.sampling.informative_groups:
        raise UserValueError(
            "model.sampling.informative_groups: how many prompts are drawn is known when their groups are graded, and "
            "model.max_staleness 1 draws ahead of that: set one of the two"
        )
    if module.max_staleness and not (module.engine.engine.runs_concurrently and module.loss.corrects_sampling):
        raise UserValueError(
            "model.max_staleness: 1 draws rollouts with weights of one step before, while the policy is trained: it "
            "needs an engine that runs concurrently (VLLMServerRollout), and a model.loss with an importance"
        )
