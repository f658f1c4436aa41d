"""Where the parts are that a config may name: a class in a file of one of these packages is known by its short name."""

from collections.abc import Sequence

from revisual.core.discovery import import_modules

TRAINING = (
    "revisual.data", "revisual.rewards", "revisual.rl", "revisual.grading", "revisual.models", "revisual.rollout",
    "revisual.training", "revisual.callbacks",
)  # fmt: skip
"""Parts of a training run."""
SAMPLES = ("revisual.data.readers", "revisual.data.synthetic")
"""Where questions come from."""
BENCHMARKS = ("revisual.evaluation.benchmarks",)
CURATION = (*SAMPLES, "revisual.grading", *BENCHMARKS, "revisual.data_recipes.grammar")
BRIDGING = (*SAMPLES, "revisual.grading", "revisual.data_recipes.bridging")
EVERYTHING = tuple(dict.fromkeys((*TRAINING, *BENCHMARKS, *CURATION, *BRIDGING)))


def import_parts(packages: Sequence[str] = TRAINING) -> None:
    """Import the parts in packages, after which the parser knows their classes by short name.

    Args:
        packages: only those that a command has keys for, so that it starts without waiting for the others.
    """
    import_modules(packages)
