"""How numbers are written, in tables and on charts alike."""

import math
from collections.abc import Callable
from dataclasses import dataclass

NOTHING = "-"
ACRONYMS = {"ptst": "PTST", "rl": "RL", "sft": "SFT", "kl": "KL", "lr": "LR", "gpu": "GPU", "id": "ID"}


def _signs(text: str) -> str:
    return text.replace("-", "−")


def write_number(value: float | int) -> str:
    """Write a number with at most three significant digits; with all of a whole number's.

    Example: `[write_number(v) for v in (0.12345, 12.0, 1234567)] == ["0.123", "12", "1,234,567"]`
    """
    size = abs(value)
    if size >= 1e15 or 0 < size < 1e-4:
        return _signs(f"{value:.2e}")
    if value == int(value):
        return _signs(f"{value:,.0f}")
    digits = max(0, 2 - math.floor(math.log10(size)))
    text = f"{value:,.{digits}f}"
    return _signs(text.rstrip("0").rstrip(".") if digits else text)


def write_percent(value: float | int) -> str:
    """Write a fraction as a percentage.

    Example: `write_percent(0.625) == "62.5%"`
    """
    return _signs(f"{100 * value:.1f}%")


def write_points(value: float | int) -> str:
    """Write a difference of two fractions in percentage points.

    Example: `write_points(0.125) == "12.5 pp"`
    """
    return _signs(f"{100 * value:.1f} pp")


def write_count(value: float | int) -> str:
    """Write a count in thousands or millions.

    Example: `[write_count(v) for v in (950, 12_300, 4_560_000)] == ["950", "12.3 k", "4.56 M"]`
    """
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size * 0.9995:
            return _signs(f"{value / size:.3g} {letter}")
    return _signs(f"{value:.0f}")


def write_duration(seconds: float | int) -> str:
    """Write a duration in seconds, minutes or hours.

    Example: `[write_duration(v) for v in (4.25, 750, 11_520)] == ["4.2 s", "12 min 30 s", "3 h 12 min"]`
    """
    if abs(seconds) < 59.95:
        return _signs(f"{seconds:.1f} s")
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min"


def write_memory(mebibytes: float | int) -> str:
    """Write an amount of memory, given in MiB.

    Example: `[write_memory(v) for v in (812, 21_914)] == ["812 MiB", "21.4 GiB"]`
    """
    return f"{mebibytes:.0f} MiB" if mebibytes < 1024 else f"{mebibytes / 1024:.1f} GiB"


@dataclass(frozen=True)
class Format:
    """How one kind of value is written, and how a difference of two of them is."""

    value: Callable[[float | int], str]
    difference: Callable[[float | int], str]

    def write(self, value: float | int | None) -> str:
        """Write `value` in words; what is missing or not a number is `-`."""
        if value is None or math.isnan(value):
            return NOTHING
        if math.isinf(value):
            return "∞" if value > 0 else "−∞"
        return self.value(value)

    def write_change(self, change: float | int) -> str:
        """Write `change` with its sign; one too small to be seen is `±0`.

        Example: `PERCENT.write_change(0.125) == "+12.5 pp"`
        """
        if not math.isfinite(change):
            return NOTHING
        size = self.difference(abs(change))
        if size == self.difference(0):
            return "±0"
        return ("+" if change > 0 else "−") + size

    def write_interval(self, value: float | int, low: float | int, high: float | int) -> str:
        """Write `±` half the width where the value is in the middle, as far as can be seen, else both bounds.

        Example: `PERCENT.write_interval(0.5, 0.45, 0.55) == "±5.0 pp"`
        """
        above, below = self.difference(high - value), self.difference(value - low)
        return f"±{above}" if above == below else f"{self.value(low)}–{self.value(high)}"


NUMBER = Format(write_number, write_number)
PERCENT = Format(write_percent, write_points)
COUNT = Format(write_count, write_count)
DURATION = Format(write_duration, write_duration)
MEMORY = Format(write_memory, write_memory)


def label(name: str) -> str:
    """Return a key in words.

    Example: `label("multimodal_rl") == "Multimodal RL"`
    """
    words = [ACRONYMS.get(word, word) for word in name.replace("_", " ").split()]
    text = " ".join(words)
    return text[:1].upper() + text[1:]
