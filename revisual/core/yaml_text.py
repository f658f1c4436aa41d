"""YAML whose aliases do not make more of it than stands there."""

from typing import Any

import yaml

from revisual.core.errors import UserError

MOST_VALUES = 100_000
"""In a config, aliases counted as often as they are used."""


def load_yaml(text: str) -> Any:
    """Return what a YAML text says, in plain values.

    Raises:
        yaml.YAMLError: it is no YAML.
        UserError: its aliases stand for too many values or for what holds them, or it is nested too deeply.
    """
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if (values := _count(node, {})) > MOST_VALUES:
            raise UserError(f"its aliases stand for {values:.0e} values, and {MOST_VALUES:,} are the most")
        return loader.construct_document(node)
    except RecursionError:
        raise UserError("it is nested too deeply") from None
    finally:
        loader.dispose()


def _count(node: yaml.Node, known: dict[int, int | None]) -> int:
    """Return how many values a node stands for, its aliases counted as often as they are used.

    Args:
        node: of the composed text, in which an alias is the node that it stands for.
        known: by a node's identity, what was counted; None while it is being counted.

    Raises:
        UserError: a node holds itself.
    """
    if id(node) in known:
        found = known[id(node)]
        if found is None:
            raise UserError(f"line {node.start_mark.line + 1}: an alias stands for what holds it")
        return found
    known[id(node)] = None
    held: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        held = [part for pair in node.value for part in pair]
    elif isinstance(node, yaml.SequenceNode):
        held = node.value
    total = 1 + sum(_count(one, known) for one in held)
    known[id(node)] = total
    return total
