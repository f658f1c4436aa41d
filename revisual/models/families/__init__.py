"""Families of models: all that training knows of a model by name, one file for each family."""

from revisual.models.families.base import ModelFamily, Part
from revisual.models.families.find import family_named, find_family, is_named

__all__ = ["ModelFamily", "Part", "family_named", "find_family", "is_named"]
