"""Names of the last release in configs and options, which still work, each with one line that tells the new one.

To rename a key, add it to `KEYS`; a class, to `CLASSES`; to take a key away, add it to `GONE`.
"""

from collections.abc import Sequence
from typing import Any

import yaml

from revisual.config.renaming import Renames
from revisual.core.errors import UserError

KEYS: dict[str, str] = {}
"""Keys by their whole paths, the old to the new one; the new one may stand elsewhere.

Example: `"model.init_args.kl": "model.init_args.kl_coef"`
"""
CLASSES = {"GroupNormalised": "GroupNormalized", "MeanCentred": "MeanCentered"}
"""Short names of classes, wherever a config names a class. One that only moved to another module is found anyway."""
GONE: dict[str, str] = {}
"""Keys that are not read any more, with what to set in their place.

Example: `"model.init_args.micro_batches": "set model.init_args.max_tokens_per_pass"`
"""

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
        UserError: a key is set under its old and its new name; tells the file.
    """
    try:
        content = yaml.safe_load(text)
        made = rename_config(content)
    except yaml.YAMLError:  # the parser tells where
        return text
    except UserError as error:
        raise UserError(f"{path}: {error}" if path else str(error)) from error
    return text if made == content else yaml.safe_dump(made, sort_keys=False, allow_unicode=True)
