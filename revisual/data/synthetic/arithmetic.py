"""Sums and differences with worked thoughts."""

import random
from dataclasses import dataclass
from typing import Annotated, ClassVar

from typing_extensions import override

from revisual.core.ranges import Within
from revisual.data.synthetic.task import Question, SyntheticTask


@dataclass(frozen=True)
class ArithmeticTask(SyntheticTask):
    """Two numbers of up to `digits` digits, added or subtracted column by column.

    Example: `47 + 38` is thought of as `7+8+0=15 4+3+1=8` and answered by 85.
    """

    digits: Annotated[int, Within("[1, 18]")] = 2
    """Of each number, at most."""

    name: ClassVar[str] = "arithmetic"

    @override
    def question(self, rng: random.Random) -> Question:
        a, b = (rng.randrange(10 ** (self.digits - 1), 10**self.digits) for _ in range(2))
        if rng.random() < 0.5:
            return Question(f"{a}+{b}", f"What is {a} + {b}?", str(a + b), _columns(a, b, 1))
        a, b = max(a, b), min(a, b)
        return Question(f"{a}-{b}", f"What is {a} - {b}?", str(a - b), _columns(a, b, -1))


def _columns(a: int, b: int, sign: int) -> str:
    """Work out column by column from the right, with the carry or borrow of the column before."""
    steps, carry = [], 0
    while a or b or carry:
        x, y = a % 10, b % 10
        value = x + sign * (y + carry)
        written = f"{value % 10}" if sign < 0 else f"{value}"
        steps.append(f"{x}{'+' if sign > 0 else '-'}{y}{'+' if sign > 0 else '-'}{carry}={written}")
        carry = int(value > 9 if sign > 0 else value < 0)
        a, b = a // 10, b // 10
    return " ".join(steps)
