"""Columns of classes, which data sets store as numbers: a sample holds their names."""

from collections.abc import Mapping
from typing import Any


def with_class_names(values: Mapping[str, Any], features: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with the names of its classes in place of their numbers.

    Example: `with_class_names({"answer": 1}, {"answer": {"names": ["cat", "dog"], "_type": "ClassLabel"}})`

    Args:
        values: the row's columns.
        features: of each column, as `datasets` describes it in JSON.
    """
    return {name: _named(value, features.get(name)) for name, value in values.items()}


def _named(value: Any, feature: Any) -> Any:
    kind = feature.get("_type") if isinstance(feature, Mapping) else None
    if value is None or feature is None or kind == "Value":
        return value
    if isinstance(value, list | tuple):
        inner = feature[0] if isinstance(feature, list) else feature.get("feature", feature)
        return [_named(item, inner) for item in value]
    if kind == "ClassLabel":
        names = feature.get("names") or ()
        is_class = isinstance(value, int) and not isinstance(value, bool)
        return (names[value] if 0 <= value < len(names) else None) if is_class and names else value  # -1: not told
    if isinstance(value, Mapping) and isinstance(feature, Mapping):
        inner = feature["feature"] if kind in ("List", "LargeList", "Sequence") else feature
        return with_class_names(value, inner) if isinstance(inner, Mapping) else value
    return value


def has_classes(features: Any) -> bool:
    """Return whether a description of columns names classes anywhere."""
    if isinstance(features, Mapping):
        return features.get("_type") == "ClassLabel" or any(map(has_classes, features.values()))
    return isinstance(features, list) and any(map(has_classes, features))
