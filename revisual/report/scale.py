"""From numbers to pixels: ranges that hold the data, round tick values, and the straight line between the two."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

LIMIT = 1e150
"""Beyond it a difference of two values may overflow: such a value is a gap, like NaN."""


def is_drawable(value: float | int) -> bool:
    """Return whether a value can be drawn: it is not NaN, infinite or as good as infinite."""
    return math.isfinite(value) and abs(value) < LIMIT


def data_range(values: Iterable[float | int]) -> tuple[float, float]:
    """Return the least and greatest drawable value, apart even where all are equal; (0, 1) where there is none.

    Example: `data_range([3.0, math.nan, 1.0]) == (1.0, 3.0)`
    """
    known = [float(value) for value in values if is_drawable(value)]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    if high - low > 1e-9 * max(abs(low), abs(high)):
        return low, high
    spread = 0.1 * abs(high) or 1.0
    return low - spread, high + spread


def nice_step(low: float, high: float, count: int, whole: bool = False) -> float:
    """Return the least of 1, 2, 5 x a power of ten that takes at most `count` steps from `low` to `high`.

    Example: `nice_step(0.0, 1.0, count=5) == 0.2`
    """
    rough = (high - low) / max(1, count)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough * (1 - 1e-9))
    return max(1.0, step) if whole else step


def ticks_within(low: float, high: float, step: float) -> list[float]:
    """Return the multiples of `step` from `low` to `high`.

    Example: `ticks_within(0.5, 3.5, 1.0) == [1.0, 2.0, 3.0]`
    """
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def round_out(low: float, high: float, step: float) -> tuple[float, float]:
    """Return the range up to the next multiples of `step` on either side.

    Example: `round_out(0.3, 3.2, 1.0) == (0.0, 4.0)`
    """
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def tick_labels(ticks: list[float], step: float, percent: bool = False) -> list[str]:
    """Write tick values with the digits that tell them apart.

    Example: `tick_labels([0.0, 0.5, 1.0], 0.5) == ["0.0", "0.5", "1.0"]`
    """
    scale = 100.0 if percent else 1.0
    largest = max((abs(tick) for tick in ticks), default=0.0) * scale
    size = step * scale
    digits = max(0, -math.floor(math.log10(size) + 1e-9))
    if largest and (largest < 1e-3 or largest >= 1e7):
        texts = [_in_powers(tick * scale) for tick in ticks]
    elif largest >= 1e4 and size >= 100:
        texts = [f"{tick * scale / 1000:g}k" if tick else "0" for tick in ticks]
    else:
        texts = [f"{tick * scale + 0.0:.{digits}f}" for tick in ticks]
    return [text.replace("-", "−") + ("%" if percent else "") for text in texts]


def _in_powers(value: float) -> str:
    mantissa, exponent = f"{value:.3e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}" if value else "0"


@dataclass(frozen=True)
class Scale:
    """The straight line that takes `low` to pixel `start` and `high` to pixel `end`.

    Example: `Scale(0.0, 10.0, start=100.0, end=0.0)(2.5) == 75.0`
    """

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float | int) -> float:
        """Return the pixel of `value`; the middle where all values are one."""
        if self.high == self.low:
            return (self.start + self.end) / 2
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)
