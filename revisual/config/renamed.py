"""Names of the last release in configs and options, which still work, each with one line that tells the new one.

To rename a key, add it to `KEYS`; a class, to `CLASSES`; to take a key away, add it to `GONE`.
"""

from collections.abc import Sequence
from typing import Any

import yaml

from revisual.config.renaming import Renames
from revisual.core.errors import UserError
from revisual.core.yaml_text import load_named, load_yaml

_MODEL, _SAMPLING, _EVALUATION = "model.init_args", "model.init_args.sampling", "model.init_args.eval_sampling"

KEYS: dict[str, str | dict[str, str]] = {
    f"{_MODEL}.kl": f"{_MODEL}.kl_coef",
    f"{_MODEL}.loss.init_args.kl": f"{_MODEL}.loss.init_args.kl_estimator",
    f"{_MODEL}.entropy": f"{_MODEL}.entropy_coef",
    f"{_MODEL}.filter": f"{_MODEL}.advantage_filter",
    f"{_MODEL}.parity": f"{_MODEL}.engine_check",
    f"{_MODEL}.parity.rows": f"{_MODEL}.engine_check.num_rollouts",
    f"{_MODEL}.engine_check.rows": f"{_MODEL}.engine_check.num_rollouts",
    f"{_MODEL}.group_size": f"{_SAMPLING}.group_size",
    f"{_MODEL}.temperature": f"{_SAMPLING}.temperature",
    f"{_MODEL}.top_p": f"{_SAMPLING}.top_p",
    f"{_MODEL}.validation": f"{_EVALUATION}.validation",
    f"{_MODEL}.test": f"{_EVALUATION}.test",
    f"{_MODEL}.max_new_tokens": {
        "GRPOModule": f"{_SAMPLING}.max_new_tokens",
        "SFTModule": f"{_EVALUATION}.max_new_tokens",
    },
}
"""Keys by their whole paths, the old to the new one, which may stand elsewhere.

Where the new place depends on the class at the first key, a dictionary of new ones by the class's name.
"""
CLASSES = {"GroupNormalised": "GroupNormalized", "MeanCentred": "MeanCentered", "ParityCheck": "EngineCheck"}
"""Short names of classes, wherever a config names a class. One that only moved to another module is found anyway."""
GONE = {
    f"{_MODEL}.micro_batches": f"how many passes an update takes follows from {_MODEL}.max_tokens_per_pass",
    f"{_MODEL}.epochs": f"set {_MODEL}.updates_per_rollout, and {_MODEL}.num_iterations to learn from a rollout again",
}
"""Keys that are not read any more, with what to do in their place."""

TABLE = Renames(KEYS, CLASSES, GONE)


def rename_config(config: Any) -> Any:
    """Return a config, such as a run's config.yaml, with the new names."""
    return TABLE.in_config(config)


def rename_options(words: Sequence[str]) -> list[str]:
    """Return the words of a command line with the new names."""
    return TABLE.in_options(words)


def rename_config_text(text: str, path: str = "") -> str:
    """Return a config's text with the new names: as it was if it has no old ones, or is no YAML.

    Raises:
        UserError: a key is set under its old and its new name, or the text is more than it seems; tells the file.
    """
    try:
        content = load_named(text, path) if path else load_yaml(text)
    except yaml.YAMLError:
        return text  # of the command line: the parser tells what is wrong with it
    try:
        made = rename_config(content)
    except UserError as error:
        raise UserError(f"{path}: {error}" if path else str(error)) from error
    return text if made == content else yaml.safe_dump(made, sort_keys=False, allow_unicode=True)
