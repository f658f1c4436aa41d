"""What a config asks a process to hold and to do: the sizes that memory follows from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from revisual.models.attention import shares_prompts
from revisual.rl.schedules import Constant
from revisual.rollout.engine import Sampling
from revisual.training.grpo import GRPOModule
from revisual.training.packing import group_rows, pack
from revisual.training.policy_module import PolicyModule


@dataclass(frozen=True)
class Given:
    """What the command line says of the data in place of its limits; null where it says nothing."""

    prompt_tokens: int | None = None
    response_tokens: int | None = None
    pictures: int | None = None


@dataclass(frozen=True)
class Rollouts:
    """Answers that are drawn together: so many to each of some prompts."""

    prompts: int
    sampling: Sampling
    tokens: int


@dataclass(frozen=True)
class Workload:
    """Of one process. Every prompt and response is as long as the limits allow, and a filter keeps all.

    Args:
        rows: completions of each prompt in the largest pass.
        passes: of an update.
        updates: optimizer steps over a batch.
        rollouts: the answers drawn together in training and in validation, by name.
    """

    prompt_tokens: int
    response_tokens: int
    pictures: int
    batch: int
    group: int
    rows: Sequence[int]
    passes: int
    updates: int
    max_rows: int
    entropy_gradient: bool = False
    temperature: float = 1.0
    rollouts: Mapping[str, Rollouts] = field(default_factory=dict)

    @property
    def pass_tokens(self) -> int:
        """Of the largest pass: each prompt once."""
        return len(self.rows) * self.prompt_tokens + sum(self.rows) * self.response_tokens

    @property
    def batch_tokens(self) -> int:
        """Of a rollout step, or of SFT's batch: prompts once, and their completions."""
        return self.batch * (self.prompt_tokens + self.group * self.response_tokens)


def workload(config: Any, module: PolicyModule, max_rows: int, given: Given) -> Workload:
    """Read a config of `revisual fit` and the module that it makes."""
    data = config.data.init_args
    prompt_tokens = given.prompt_tokens or int(data.max_prompt_tokens)
    tokens, group, parts, temperature, entropy_gradient = _of_rollouts(module, data)
    tokens = given.response_tokens or tokens
    rollouts = {}
    if isinstance(module, GRPOModule):
        rollouts["rollout"] = Rollouts(_together(data.batch_size, group, max_rows), module.sampling.of_group(), tokens)
    if data.get("validation"):
        most = max(module.evaluation.sampling.of_stage("val").values(), key=lambda sampling: sampling.n)
        prompts = _together(data.evaluation_batch_size, most.n, max_rows)
        limit = module.evaluation.max_new_tokens
        rollouts["validation"] = Rollouts(prompts, most, min(given.response_tokens or limit, limit))
    passes = cut_evenly(
        data.batch_size * group // parts, group, (prompt_tokens, tokens), module.max_tokens_per_pass,
        shares_prompts(module.policy),
    )  # fmt: skip
    return Workload(
        prompt_tokens,
        tokens,
        _pictures(module) if given.pictures is None else given.pictures,
        batch=data.batch_size,
        group=group,
        rows=max(passes, key=lambda rows: len(rows) * prompt_tokens + sum(rows) * tokens),
        passes=len(passes),
        updates=module.updates_per_batch,
        max_rows=max_rows,
        entropy_gradient=entropy_gradient,
        temperature=temperature,
        rollouts=rollouts,
    )


def _of_rollouts(module: PolicyModule, data: Any) -> tuple[int, int, int, float, bool]:
    """Return tokens of a response, group size, parts that a batch is divided into, temperature, entropy's gradient."""
    if not isinstance(module, GRPOModule):
        return int(data.get("max_response_tokens") or module.evaluation.max_new_tokens), 1, 1, 1.0, False
    sampling, parts = module.sampling, module.updates_per_rollout // module.num_iterations
    has_entropy = module.coefficients.entropy != Constant(0.0)
    return sampling.max_new_tokens, sampling.group_size, parts, sampling.temperature, has_entropy


def cut_evenly(rows: int, group: int, tokens: tuple[int, int], max_tokens: int, shared: bool) -> list[list[int]]:
    """Return the completions of each prompt in each pass of an update, all rows being of the same length.

    Args:
        rows: of the update, consecutive ones.
        group: rows of a prompt.
        tokens: of a prompt and of a completion.
        max_tokens: most tokens of a pass.
        shared: whether a pass computes a group's prompt once.

    Example: `cut_evenly(4, 2, (8, 8), 24, True) == [[2], [2]]`
    """
    owners = [row // group for row in range(rows)]
    groups = group_rows(owners, range(rows)) if shared else [[row] for row in range(rows)]
    pieces = pack(groups, [tokens[0]] * rows, [tokens[1]] * rows, max_tokens)
    return [count_members([owners[row] for row in piece]) if shared else [1] * len(piece) for piece in pieces]


def count_members(owners: Sequence[int]) -> list[int]:
    """Return how often each number occurs, in ascending order of the numbers."""
    return [owners.count(owner) for owner in sorted(set(owners))]


def _together(prompts: int, n: int, max_rows: int) -> int:
    return min(prompts, max(1, max_rows // n))


def _pictures(module: PolicyModule) -> int:
    """Return the number of pictures of a prompt. A run with a frozen tower is taken to be one on text."""
    frozen: Sequence[str] = getattr(module.policy_loader, "freeze", ())
    return 0 if "vision_tower" in frozen else 1
