"""Which rollouts a step learns from: Prioritized Advantage Distillation, and what it is compared with."""

from revisual.rl.filters.base import AdvantageFilter, Candidates, Selection
from revisual.rl.filters.effective_only import EffectiveOnly
from revisual.rl.filters.keep_all import KeepAll
from revisual.rl.filters.power_sampling import PowerSampling
from revisual.rl.filters.prioritized_advantage_distillation import PrioritizedAdvantageDistillation
from revisual.rl.filters.random_subsample import RandomSubsample
from revisual.rl.filters.without_truncated import WithoutTruncated

__all__ = [
    "AdvantageFilter",
    "Candidates",
    "EffectiveOnly",
    "KeepAll",
    "PowerSampling",
    "PrioritizedAdvantageDistillation",
    "RandomSubsample",
    "Selection",
    "WithoutTruncated",
]
