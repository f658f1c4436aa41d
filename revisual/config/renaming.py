"""How old names of keys and classes become new ones, in configs and in options."""

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import yaml

from revisual.core.errors import UserError

SUBCOMMANDS = ("fit", "validate", "test", "predict")
_OURS = re.compile(r"revisual(?:\.\w+)*\.[A-Z]\w*")
_INNER = "init_args"

Tell = Callable[[str], None]
Keys = tuple[str, ...]


@dataclass(frozen=True)
class Renames:
    """A table of renamed keys and classes, and what it makes of configs and of options.

    Example: `Renames(keys={"model.init_args.kl": "model.init_args.kl_coef"}).in_options(["--model.kl=0.1"])
    == ["--model.kl_coef=0.1"]`

    Args:
        keys: whole paths, old to new; a dictionary of new ones by short class name where the new place depends on the
            class at the path's first key.
        classes: short names, old to new.
        gone: whole paths, with what to set in their place.
        tell: gets one line for each old name that is met.
    """

    keys: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)
    classes: Mapping[str, str] = field(default_factory=dict)
    gone: Mapping[str, str] = field(default_factory=dict)
    tell: Tell = logging.getLogger("revisual").warning

    def in_config(self, config: Any) -> Any:
        """Return a config with the new names; what was given stays as it is.

        Raises:
            UserError: the config sets a key under its old and under its new name.
        """
        made = self._class_names(deepcopy(config))
        if isinstance(made, dict):
            for part in [made, *(made[name] for name in SUBCOMMANDS if isinstance(made.get(name), dict))]:
                self._move_keys(part)
        return made

    def in_options(self, words: Sequence[str]) -> list[str]:
        """Return the words of a command line with the new names; an option that is gone is left out."""
        made: list[str] = []
        waiting, named = list(words), _named_classes(words)
        while waiting:
            word = waiting.pop(0)
            if not word.startswith("--"):
                made.append(self._class_names(word))
                continue
            option, equals, value = word[2:].partition("=")
            replaced = self._option(option, value, named)
            if replaced is not None:
                made.append(f"--{replaced[0]}{equals}{replaced[1]}")
            elif not equals and waiting and not waiting[0].startswith("--"):
                waiting.pop(0)
        return made

    def _option(self, option: str, value: str, named: Mapping[str, str]) -> tuple[str, str] | None:
        """Return an option and its value with the new names; None if it is gone."""
        keys, plus = tuple(option.rstrip("+").split(".")), option[len(option.rstrip("+")) :]
        for old, instead in self.gone.items():
            if _after(keys, _path(old)) is not None:
                self._say_gone(old, instead)
                return None
        value = self._value(keys, value)
        for path, new in self._moves(named, lambda old: _after(keys, old) is not None):
            rest = _after(keys, path)
            if rest is not None:
                is_short = keys[: len(path)] != path
                found = ".".join([*(key for key in new if not (is_short and key == _INNER)), *rest])
                self._say_renamed(path, new)
                return found + plus, value
        return option, value

    def _value(self, keys: Keys, value: str) -> str:
        """Return an option's value with the new names of what stands below its key."""
        try:
            content = yaml.safe_load(value) if value[:1] in ("{", "[") else value
        except yaml.YAMLError:  # the parser tells what is wrong with it
            return value
        made = self._class_names(deepcopy(content))
        if isinstance(made, dict):
            self._move_keys(made, above=keys)
        if made == content:
            return value
        return made if isinstance(made, str) else json.dumps(made)

    def _moves(self, named: Mapping[str, str], is_set: Callable[[Keys], bool]) -> Iterator[tuple[Keys, Keys]]:
        """Yield the keys to rename, those that stand below others first.

        Args:
            named: the classes at the outermost keys, as far as they are known.
            is_set: tells whether an old key is set, for a new place that is not known.
        """
        for name in sorted(self.keys, key=lambda one: -one.count(".")):
            old, new = _path(name), self.keys[name]
            if isinstance(new, str):
                yield old, _path(new)
            elif named.get(old[0]) in new:
                yield old, _path(new[named[old[0]]])
            elif old[0] not in named and is_set(old):
                places = ", ".join(f"{place} in {owner}" for owner, place in new.items())
                self.tell(f"{name} has another name now: {places}")

    def _move_keys(self, config: dict[str, Any], above: Keys = ()) -> None:
        """Rename keys in place; `above` is where `config` stands."""
        depth = len(above)
        below = [
            (old, new) for old, new in self._moves(_classes_of(config, above), lambda old: _has(config, old[depth:]))
        ]
        moves = [(old, new) for old, new in below if old[:depth] == above == new[:depth]]
        taken = [(old, new, value) for old, new in moves if (value := _take(config, old[depth:])) is not None]
        for old, new, value in reversed(taken):  # what holds others first
            if value[0] is not None or new[:-1] == old[:-1]:  # a null elsewhere would be one in place of a default
                twice = f"{'.'.join(new)}: is given twice, also under its old name {'.'.join(old)}"
                _put(config, new[depth:], value[0], twice)
            self._say_renamed(old, new)
        for name, instead in self.gone.items():
            path = _path(name)
            if path[:depth] == above and _take(config, path[depth:]) is not None:
                self._say_gone(name, instead)

    def _class_names(self, value: Any) -> Any:
        """Rename classes in texts, and in all that lists and dictionaries hold."""
        if isinstance(value, dict):
            return {key: self._class_names(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self._class_names(one) for one in value]
        if not isinstance(value, str):
            return value
        name = value.rpartition(".")[2]
        is_moved = _OURS.fullmatch(value) is not None and not _is_there(value)
        if value != name and not is_moved:
            return value
        new = self.classes.get(name, name)
        if new == value:
            return value
        self.tell(f"{value} is called {new} now; the old name works for one more release")
        return new

    def _say_renamed(self, old: Keys, new: Keys) -> None:
        self.tell(f"{'.'.join(old)} is called {'.'.join(new)} now; the old name works for one more release")

    def _say_gone(self, name: str, instead: str) -> None:
        self.tell(f"{name} is not used any more: {instead}")


def _path(name: str) -> Keys:
    return tuple(name.split("."))


def _after(keys: Keys, start: Keys) -> Keys | None:
    """Return what follows `start`, whose `init_args` an option may leave out; None if `keys` begin otherwise."""
    if keys[: len(start)] == start:
        return keys[len(start) :]
    wanted = [key for key in start if key != _INNER]
    left = list(keys)
    while wanted:
        while left[:1] == [_INNER] and wanted[0] != _INNER:
            left.pop(0)
        if not left or left.pop(0) != wanted.pop(0):
            return None
    return tuple(left)


def _named_classes(words: Sequence[str]) -> dict[str, str]:
    """Return the short names of the classes that options give to outermost keys: `--model=SFTModule`."""
    named = {}
    for place, word in enumerate(words):
        option, equals, value = word.removeprefix("--").partition("=")
        key = option.removesuffix(".class_path")
        if word.startswith("--") and "." not in key:
            value = value if equals else "".join(words[place + 1 : place + 2])
            if re.fullmatch(r"[\w.]+", value):
                named[key] = value.rpartition(".")[2]
    return named


def _classes_of(config: Mapping[str, Any], above: Keys) -> dict[str, str]:
    """Return the short names of the classes at a config's outermost keys, as far as it tells them."""
    parts = {above[0]: config} if len(above) == 1 else config if not above else {}
    paths = {key: one.get("class_path") if isinstance(one, dict) else one for key, one in parts.items()}
    return {key: path.rpartition(".")[2] for key, path in paths.items() if isinstance(path, str)}


def _has(config: Any, path: Keys) -> bool:
    for key in path:
        if not isinstance(config, dict) or key not in config:
            return False
        config = config[key]
    return bool(path)


def _take(config: dict[str, Any], path: Keys) -> tuple[Any] | None:
    """Remove and return what stands at a path, in a tuple; None if nothing does."""
    for key in path[:-1]:
        below = config.get(key)
        if not isinstance(below, dict):
            return None
        config = below
    return (config.pop(path[-1]),) if path and path[-1] in config else None


def _put(config: dict[str, Any], path: Keys, value: Any, complaint: str) -> None:
    """Set what stands at a path.

    Raises:
        UserError: something stands there already, or above it, with the complaint as its message.
    """
    for key in path[:-1]:
        config = config.setdefault(key, {})
        if not isinstance(config, dict):
            raise UserError(complaint)
    if path[-1] in config:
        raise UserError(complaint)
    config[path[-1]] = value


def _is_there(path: str) -> bool:
    module, _, name = path.rpartition(".")
    try:
        return hasattr(import_module(module), name)
    except ModuleNotFoundError as error:
        return not (error.name or "").startswith("revisual")  # it needs a package that is not installed
