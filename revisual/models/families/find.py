"""Finding the family of a model by its config."""

from functools import cache
from typing import Any

from revisual.core.discovery import find_subclasses
from revisual.core.errors import UserError
from revisual.models.families.base import ModelFamily
from revisual.models.families.generic import Generic


@cache
def known_families() -> tuple[ModelFamily, ...]:
    """Return the families in this folder that name their models: all but the generic one, and what they share."""
    found = find_subclasses(ModelFamily, ["revisual.models.families"])  # type: ignore[type-abstract]
    return tuple(family() for family in found if family.model_types)


def find_family(config: Any) -> ModelFamily:
    """Return the family that a config belongs to; the generic one for a config that none knows."""
    return next((family for family in known_families() if family.matches(config)), Generic())


def is_named(config: Any) -> bool:
    """Return whether a family names the model of a config; else it is trained by what most models have in common."""
    return config.model_type in find_family(config).model_types


def family_named(model_type: str) -> ModelFamily:
    """Return the family that knows a `model_type`.

    Raises:
        UserError: none does.
    """
    for family in known_families():
        if model_type in family.model_types:
            return family
    names = sorted(name for family in known_families() for name in family.model_types)
    raise UserError(f"{model_type}: no such family of models; there are {', '.join(names)}")
