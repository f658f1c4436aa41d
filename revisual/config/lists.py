"""A list in a config takes the place of the list below it."""

from importlib import import_module
from typing import Any

_typehints: Any = import_module("jsonargparse._typehints")


def replace_lists() -> None:
    """Let the parser read a config's list by itself.

    Of two lists of the same length it would fill each item with what the other one's has at its place: a Parquet reader
    in an overlay would take over columns, limit and source of the reader that it replaces. Additions (`callbacks+`) and
    options of the last item (`--trainer.callbacks.patience`) still see what is there. The parser has no setting for it.
    """
    if not hasattr(_typehints.adapt_typehints, "replaces_lists"):
        _typehints.adapt_typehints = _replacing(_typehints.adapt_typehints)


def _replacing(adapt: Any) -> Any:
    def adapt_typehints(val: Any, typehint: Any, *rest: Any, **options: Any) -> Any:
        origin = _typehints.get_typehint_origin(typehint)
        if isinstance(val, list) and origin in _typehints.sequence_origin_types and not options.get("append"):
            options["prev_val"] = None
        return adapt(val, typehint, *rest, **options)

    adapt_typehints.replaces_lists = True  # type: ignore[attr-defined]
    return adapt_typehints
