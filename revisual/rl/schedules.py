"""Numbers that change over training: entropy and KL coefficients, temperatures."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from revisual.core.ranges import Coefficient, NonNegativeInt, PositiveFraction, PositiveInt, Ranged
from revisual.rl.losses.base import Coefficients


class Schedule(Ranged, ABC):
    """A pure function of the rollout step (from 0) and of how many there are: nothing to save in a checkpoint."""

    @abstractmethod
    def __call__(self, rollout_step: int, total: int) -> float:
        """Return the value at a rollout step."""


@dataclass(frozen=True)
class Constant(Schedule):
    """The same value at every step.

    >>> Constant(0.002)(7, 200)
    0.002

    Args:
        value: at every step.
    """

    value: Coefficient

    def __call__(self, rollout_step: int, total: int) -> float:
        """Return `value`."""
        return self.value


@dataclass(frozen=True)
class Linear(Schedule):
    """A straight line from `start` at step 0 to `end` at step `steps`, flat afterwards.

    Without `steps`, `end` is where training ends: one step after the last one.

    >>> Linear(1.0, 0.0, steps=4)(1, 200), Linear(1.0, 0.0)(50, 200), Linear(1.0, 0.0, steps=4)(9, 200)
    (0.75, 0.75, 0.0)

    Args:
        start: at step 0.
        end: at step `steps` and after it.
        steps: rollout steps from `start` to `end`; null: until training ends.
    """

    start: Coefficient
    end: Coefficient
    steps: PositiveInt | None = None

    def __call__(self, rollout_step: int, total: int) -> float:
        """Return the value at a rollout step."""
        steps = max(1, total if self.steps is None else self.steps)
        done = min(max(rollout_step / steps, 0.0), 1.0)
        return (1 - done) * self.start + done * self.end


@dataclass(frozen=True)
class ExponentialDecay(Schedule):
    """0 for `warmup` steps, then from `start` down by a factor `decay` per step, never below `end`.

    ReVisual-R1's entropy coefficient (arXiv 2506.04207) is 0 before step 140, then 0.02 * 0.985^(t - 140):

    >>> entropy = ExponentialDecay(start=0.02, decay=0.985, warmup=140)
    >>> entropy(139, 200), entropy(140, 200), round(entropy(141, 200), 6)
    (0.0, 0.02, 0.0197)

    Args:
        start: the value after `warmup`.
        decay: factor from one step to the next.
        warmup: rollout steps with the value 0.
        end: never below this after `warmup`.
    """

    start: Coefficient
    decay: PositiveFraction
    warmup: NonNegativeInt = 0
    end: Coefficient = 0.0

    def __call__(self, rollout_step: int, total: int) -> float:
        """Return the value at a rollout step."""
        if rollout_step < self.warmup:
            return 0.0
        return max(self.end, self.start * self.decay ** (rollout_step - self.warmup))


class CoefficientSchedules:
    """The loss's coefficients over training.

    Args:
        kl: of the KL term; none: 0 throughout.
        entropy: of the entropy bonus; none: 0 throughout.
    """

    def __init__(self, kl: Schedule | None = None, entropy: Schedule | None = None) -> None:
        self.kl, self.entropy = kl or Constant(0.0), entropy or Constant(0.0)

    @property
    def uses_reference(self) -> bool:
        """Whether there is a KL term at any time."""
        return self.kl != Constant(0.0)

    def __call__(self, rollout_step: int, total: int) -> Coefficients:
        """Return the coefficients of a rollout step."""
        return Coefficients(self.kl(rollout_step, total), self.entropy(rollout_step, total))
