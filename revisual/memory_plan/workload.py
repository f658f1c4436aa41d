"""What a config asks a process to hold and to do: the sizes that memory follows from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from revisual.rl.schedules import Constant
from revisual.rollout.engine import Sampling
from revisual.training.grpo import GRPOModule
from revisual.training.micro_batches import balanced, row_groups
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
        rollouts: the answers drawn together in training and in validation, by name.
    """

    prompt_tokens: int
    response_tokens: int
    pictures: int
    batch: int
    group: int
    rows: Sequence[int]
    passes: int
    accumulated: int
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

    @property
    def updates(self) -> int:
        """Optimizer steps over a batch."""
        return self.passes // self.accumulated


def workload(config: Any, module: PolicyModule, max_rows: int, given: Given) -> Workload:
    """Reads a config of `revisual fit` and the module that it makes."""
    trainer, data = config.trainer, config.data.init_args
    is_rl = isinstance(module, GRPOModule)
    limit = module.generation.max_new_tokens if isinstance(module, GRPOModule) else data.get("max_response_tokens")
    tokens = given.response_tokens or int(limit or module.max_new_tokens)
    group = module.generation.group_size if isinstance(module, GRPOModule) else 1
    accumulated = int(trainer.accumulate_grad_batches or 1)
    prompt_tokens = given.prompt_tokens or int(data.max_prompt_tokens)
    rollouts = {}
    if isinstance(module, GRPOModule):
        sampling = Sampling(group, module.temperature, module.top_p)
        rollouts["rollout"] = Rollouts(_together(data.batch_size, group, max_rows), sampling, tokens)
    if data.get("validation"):
        most = max(module.samplings["val"].values(), key=lambda sampling: sampling.n)
        prompts = _together(data.evaluation_batch_size, most.n, max_rows)
        rollouts["validation"] = Rollouts(prompts, most, min(given.response_tokens or 1 << 60, module.max_new_tokens))
    return Workload(
        prompt_tokens,
        tokens,
        _pictures(module) if given.pictures is None else given.pictures,
        batch=data.batch_size,
        group=group,
        rows=largest_pass(data.batch_size, group, module.micro_batches, accumulated if is_rl else module.micro_batches,
                          (prompt_tokens, tokens)),
        passes=module.passes,
        accumulated=accumulated,
        max_rows=max_rows,
        entropy_gradient=isinstance(module, GRPOModule) and module.entropy != Constant(0.0),
        temperature=module.temperature if isinstance(module, GRPOModule) else 1.0,
        rollouts=rollouts,
    )  # fmt: skip


def largest_pass(batch: int, group: int, micro_batches: int, parts: int, tokens: tuple[int, int]) -> list[int]:
    """Completions of each prompt in the fullest of the passes, all rows being of the same length.

    Cut as the modules do: consecutive rows to an optimizer step, and within it `parts` micro-batches.

    Example: `largest_pass(4, 2, 2, 2, (8, 8)) == [2, 2]`
    """
    rows = batch * group * parts // micro_batches
    owners = [row // group for row in range(rows)]
    costs = [tokens[0]] * rows, [tokens[1]] * rows
    pieces = balanced(row_groups(owners, range(rows)), costs, parts)
    counts = [[[owners[row] for row in piece].count(p) for p in sorted({owners[row] for row in piece})]
              for piece in pieces]  # fmt: skip
    return max(counts, key=lambda piece: len(piece) * tokens[0] + sum(piece) * tokens[1])


def _together(prompts: int, n: int, max_rows: int) -> int:
    return min(prompts, max(1, max_rows // n))


def _pictures(module: PolicyModule) -> int:
    """A run with a frozen tower is taken to be one on text."""
    frozen: Sequence[str] = getattr(module.loader, "freeze", ())
    return 0 if "vision_tower" in frozen else 1
