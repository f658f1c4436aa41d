"""How rollouts are drawn to learn from, and how answers are drawn to be measured."""

from collections.abc import Mapping
from dataclasses import dataclass

from revisual.core.ranges import Count, PositiveFraction, PositiveInt, PositiveTemperature, check_ranges
from revisual.rollout.engine import Sampling


@dataclass(frozen=True)
class RolloutSampling:
    """How rollouts are drawn.

    Args:
        group_size: rollouts of each prompt.
        max_new_tokens: most tokens of a rollout; a longer one is cut, which `rollout/truncated_fraction` counts.
        temperature: of the softmax that tokens are drawn from, in rollouts and in the log-probs of the update alike.
        top_p: draw from the most probable tokens that hold so much of the distribution; below 1 the loss needs an
            `importance`.
        informative_groups: draw the prompts of a batch so many at a time, on each rank, until so many groups have right
            and wrong rollouts; the rest of the batch is left for a later epoch. null: draw all. Groups that say nothing
            are left out by an `advantage_filter` such as `EffectiveOnly`.
    """

    group_size: Count = 8
    max_new_tokens: PositiveInt = 8192
    temperature: PositiveTemperature = 1.0
    top_p: PositiveFraction = 1.0
    informative_groups: Count | None = None

    def __post_init__(self) -> None:
        check_ranges(self)

    def of_group(self) -> Sampling:
        """Return what a rollout engine is asked for."""
        return Sampling(self.group_size, self.temperature, self.top_p)


@dataclass(frozen=True)
class EvalSampling:
    """How answers are drawn that are measured. Logs say `val/{name}/{source}/{measure}`.

    Args:
        validation: ways of drawing answers in validation, by name; null: the most probable tokens, named `greedy`.
        test: the same for `test` and `predict`; null: as in validation.
        max_new_tokens: most tokens of an answer; null: as many as a rollout may have, in SFT 1,024.
    """

    validation: Mapping[str, Sampling] | None = None
    test: Mapping[str, Sampling] | None = None
    max_new_tokens: PositiveInt | None = None

    def __post_init__(self) -> None:
        check_ranges(self)

    def of_stage(self, stage: str) -> Mapping[str, Sampling]:
        """Return the ways of drawing in `val` or `test`."""
        if stage != "val" and self.test:
            return self.test
        return {"greedy": Sampling(temperature=0.0)} if self.validation is None else self.validation
