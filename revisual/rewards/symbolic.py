"""Equality of formulas by math-verify, within a time limit. The only module that touches it."""

import threading
from functools import lru_cache
from typing import Any

from math_verify import parse, verify
from math_verify.errors import TimeoutException
from math_verify.parser import LatexExtractionConfig
from sympy import Rational

from revisual.rewards.plain_numbers import is_decimal, plain_number

# Never ExprExtractionConfig: its parser hands the text to eval().
_LATEX_ONLY = (LatexExtractionConfig(),)


@lru_cache(maxsize=1024)
def _parse(latex: str, timeout_seconds: int) -> tuple[Any, ...]:
    return tuple(
        parse(
            f"${latex}$",
            extraction_config=_LATEX_ONLY,
            fallback_mode="no_fallback",
            parsing_timeout=timeout_seconds,
            raise_on_error=True,
        )
    )


def _parse_answer(answer: str, gold: str, timeout_seconds: int) -> tuple[Any, ...]:
    number = plain_number(answer)
    if number is not None and not is_decimal(gold):
        # As a float it would be compared after rounding, and 1.414214 would pass for the square root of 2.
        return (Rational(number.numerator, number.denominator),)
    return _parse(answer, timeout_seconds)


def symbolically_equal(gold: str, answer: str, timeout_seconds: int) -> tuple[bool, str | None]:
    r"""Whether two formulas in LaTeX are equal, and what kept that from being decided, if anything did.

    Errors: "unavailable" outside the main thread, where math-verify cannot limit its time; "timeout";
    "unparsable_gold". An answer that cannot be parsed is a wrong answer, not an error.

    Example: `symbolically_equal(r"\frac{\sqrt{2}}{2}", r"\frac{1}{\sqrt{2}}", 3) == (True, None)`
    """
    if threading.current_thread() is not threading.main_thread():
        return False, "unavailable"
    try:
        parsed_gold = list(_parse(gold, timeout_seconds))
    except TimeoutException:
        return False, "timeout"
    except Exception:
        parsed_gold = []
    if not parsed_gold:
        return False, "unparsable_gold"
    try:
        parsed_answer = list(_parse_answer(answer, gold, timeout_seconds))
        equal = verify(
            parsed_gold,
            parsed_answer,
            allow_set_relation_comp=True,
            timeout_seconds=timeout_seconds,
            raise_on_error=True,
        )
        return bool(equal), None
    except TimeoutException:
        return False, "timeout"
    except Exception:  # sympy raises what it likes on expressions that it cannot compare; those are not equal
        return False, None
