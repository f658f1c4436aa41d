"""Ranges of options, stated in their types: `ratio: PositiveFraction = 0.5`.

The parser of configs refuses what lies outside, and so does a class that calls `check_ranges` when it is made.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from revisual.core.errors import UserValueError
from revisual.core.text import shorten

MOST_SHOWN = 60
"""Characters of a refused value."""


class Limit(ABC):
    """What a value has to be besides of its type; as a text, it follows the type's name."""

    @abstractmethod
    def holds(self, value: Any) -> bool:
        """Return whether a value of the type is so."""


@dataclass(frozen=True, repr=False)
class Within(Limit):
    """Where a number lies, as an interval: a square bracket takes the bound itself in, a round one leaves it out.

    Example: `Within("(0, 1]").holds(1.0) and not Within("(0, inf)").holds(math.inf)`; NaN is nowhere.

    Args:
        interval: the two bounds in their brackets.
    """

    interval: str

    @property
    def bounds(self) -> tuple[float, float]:
        """The lower and the upper one."""
        low, high = self.interval[1:-1].split(",")
        return float(low), float(high)

    def holds(self, value: Any) -> bool:
        """Return whether a number lies in the interval."""
        low, high = self.bounds
        above = value >= low if self.interval[0] == "[" else value > low
        below = value <= high if self.interval[-1] == "]" else value < high
        return above and below

    def __repr__(self) -> str:
        return f"in {self.interval}"


@dataclass(frozen=True, repr=False)
class Filled(Limit):
    """What a text is that is not blank."""

    def holds(self, value: Any) -> bool:
        """Return whether there is more than white space."""
        return bool(value.strip())

    def __repr__(self) -> str:
        return "not blank"


@dataclass(frozen=True, repr=False)
class WithField(Limit):
    """What a template is that has at least one of its fields.

    Args:
        fields: as they stand in the text.
    """

    fields: tuple[str, ...]

    def holds(self, value: Any) -> bool:
        """Return whether one of the fields is there."""
        return any(field in value for field in self.fields)

    def __repr__(self) -> str:
        return f"with {' or '.join(self.fields)}"


Count = Annotated[int, Within("[1, 65536]")]
"""How many of something there are at once: rows of a batch, rollouts of a group, requests."""
GroupSize = Annotated[int, Within("[2, 65536]")]
Workers = Annotated[int, Within("[0, 1024]")]
PositiveInt = Annotated[int, Within("[1, 2147483647]")]
NonNegativeInt = Annotated[int, Within("[0, 2147483647]")]
Seed = Annotated[int, Within("[0, 4294967295]")]
PositiveOrInfinite = Annotated[float, Within("(0, inf]")]
PositiveFloat = Annotated[float, Within("(0, inf)")]
PositiveNumber = Annotated[int | float, Within("(0, inf)")]
NonNegativeFloat = Annotated[float, Within("[0, inf)")]
FiniteFloat = Annotated[float, Within("(-inf, inf)")]
RewardWeight = Annotated[float, Within("[-100, 100]")]
"""Negative for what is to be avoided."""
Fraction = Annotated[float, Within("[0, 1]")]
PositiveFraction = Annotated[float, Within("(0, 1]")]
Below1 = Annotated[float, Within("[0, 1)")]
Temperature = Annotated[float, Within("[0, 100]")]
"""Of the softmax that tokens are drawn from; 0 takes the most probable one."""
PositiveTemperature = Annotated[float, Within("(0, 100]")]
Coefficient = Annotated[float, Within("[0, 1]")]
"""Of a term of the loss beside the objective."""
FilledText = Annotated[str, Filled()]
QuestionTemplate = Annotated[str, WithField(("{question}",))]
ResponseTemplate = Annotated[str, WithField(("{solution}", "{answer}"))]
Seconds = Annotated[float, Within("(0, 1000000]")]


def find_out_of_range(annotation: Any, value: Any) -> str | None:
    """Say what of a value lies outside the range that its type states; None if nothing does.

    Example: `find_out_of_range(PositiveFraction | None, 2.0) == "expected float in (0, 1], got 2.0"`

    Args:
        annotation: a type; ranges may stand within unions, lists and mappings.
        value: of that type.
    """
    return next(_faults(annotation, value), None)


def _faults(annotation: Any, value: Any) -> Iterator[str]:
    arguments, origin = get_args(annotation), get_origin(annotation)
    if origin is Annotated:
        if _is_of(value, arguments[0]):
            for one in arguments[1:]:
                if isinstance(one, Limit) and not one.holds(value):
                    yield f"expected {_name(arguments[0])} {one}, got {shorten(repr(value), MOST_SHOWN)}"
    elif origin in (Union, UnionType):
        for one in arguments:
            yield from _faults(one, value)
    elif isinstance(value, Mapping) and len(arguments) == 2:
        for one in value.values():
            yield from _faults(arguments[1], one)
    elif isinstance(value, (list, tuple)) and arguments:
        for one in value:
            yield from _faults(arguments[0], one)


def _is_of(value: Any, kind: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, str if kind is str else (int, float))


def _name(kind: Any) -> str:
    return "number" if isinstance(kind, UnionType) else str(kind.__name__)


def check_ranges(made: object) -> None:
    """Check an object's attributes against the ranges in the types of its class's arguments of the same names.

    Raises:
        UserValueError: one lies outside; tells the class, the name, the range and the value.
    """
    for name, annotation in _argument_types(type(made)).items():
        if not hasattr(made, name):
            continue
        value = getattr(made, name)
        fault = find_out_of_range(annotation, value) or _missing(annotation, value)
        if fault is not None:
            raise UserValueError(f"{type(made).__name__}: {name}: {fault}")


def _missing(annotation: Any, value: Any) -> str | None:
    """Say that a value is missing whose type has a range; a config may leave out what an overlay gives."""
    is_ranged = get_origin(annotation) is Annotated
    return f"expected {_name(get_args(annotation)[0])}, got null" if is_ranged and value is None else None


def check_order(made: object, low: str, high: str) -> None:
    """Check that two attributes do not cross; one that is None bounds nothing.

    Raises:
        UserValueError: the lower one is above the higher one.
    """
    least, most = getattr(made, low), getattr(made, high)
    if least is not None and most is not None and least > most:
        raise UserValueError(f"{type(made).__name__}: {low}, {least}, is more than {high}, {most}")


def _argument_types(kind: type) -> dict[str, Any]:
    """Return the types of a class's arguments, as far as they are known when it runs."""
    function: Any = kind.__init__
    try:
        return get_type_hints(function, include_extras=True)
    except NameError:  # a type that exists for the type checker alone
        return {name: hint for name, hint in function.__annotations__.items() if not isinstance(hint, str)}


class Ranged:
    """A contract whose dataclasses are made only with values in the ranges that the types of their fields state."""

    def __post_init__(self) -> None:
        check_ranges(self)
