"""What a question says that bears on how its answer is to be written: its expressions, numerals and tasks."""

import re
from functools import lru_cache

from revisual.grading.rules.reading import read
from revisual.grading.rules.sentences import find_math
from revisual.grading.rules.spelling import clean
from revisual.grading.rules.units import is_known
from revisual.grading.rules.values import Formula, Value, Words, walk_values

MAX_QUESTION = 20_000
"""Characters of a question that are searched for expressions."""
MAX_EXPRESSIONS = 200
_MATH = re.compile(r"\$\$.+?\$\$|\$[^$]+\$|\\\(.+?\\\)|\\\[.+?\\\]", re.DOTALL)
# A word of a formula outside of dollar signs: digits, single letters, signs, brackets, commands, names of functions.
_PIECE = (
    r"(?:\\[A-Za-z]+|\b(?:sin|cos|tan|log|ln|sqrt|gcd|lcm|mod|pi)\b|(?<![A-Za-z])[A-Za-z](?![A-Za-z])"
    r"|[\d.,!|^_+*/=<>()\[\]{}%°√π²³×÷·−-])"
)
_RUN = re.compile(rf"{_PIECE}(?:\s*{_PIECE})*")
_QUANTITY = re.compile(
    r"[-−]?(?:\\?\$)?\d[\d,]*(?:\.\d+)?(?:\s*/\s*\d+)?(?:\s*(?:\\?%|°|[A-Za-z]+(?:\^?[23²³])?))?"
    r"|\\[dt]?frac\s*\{[^{}]*\}\s*\{[^{}]*\}|\\[dt]?frac\s*\d\s*\d"
)
_NUMERAL = re.compile(r"[-−]?\d[\d,]*(?:\.\d+)?(?:\s*/\s*\d+)?(?:\\?%)?")

TASKS = {
    "expand": re.compile(r"(?i)\bexpand|\bmultiply out|展开"),
    "factor": re.compile(r"(?i)\bfactor(?:i[sz]e)?\b(?! of\b)|\bfactored form|\bcompletely factored|因式分解|分解因式"),
    "simplify": re.compile(r"(?i)\bsimplif|\bsimplest|\breduce[ds]?\b|\blowest terms|化简|约分|最简"),
    "rationalize": re.compile(r"(?i)\brationali[sz]e|有理化"),
    "decimal": re.compile(r"(?i)\b(?:as|into|to|in) (?:a |an )?(?:terminating |repeating |exact )?decimal"),
}
"""What a question may ask to be done to an expression."""
_NOTATION = re.compile(
    r"(?i)\b(?:re)?writ(?:e|ten)\b|\bexpress(?:ed)?\b|\bconvert(?:ed)?\b|\bround(?:ed)?\b|\bnearest\b|\bsimplif"
    r"|\bsimplest"
    r"|\breduce[ds]?\b|\blowest terms|\bscientific notation|\bbase\b|\bin (?:units|terms) of\b"
    r"|\bdecimal (?:places?|form)"
    r"|\b(?:as|into) (?:an? )?(?:\w+ )?(?:fraction|decimal|percent|percentage|power|mixed number|product|sum)\b"
    r"|改写|化为|化成|换算|表示为|四舍五入|写成"
)
_ASKED_UNIT = re.compile(r"(?i)\b(?:in|to|into|as|many|much)\s+(?:an? )?(?:square |cubic )?([A-Za-z]+)")


@lru_cache(maxsize=256)
def find_tasks(text: str) -> frozenset[str]:
    """Return the names of `TASKS` that a question asks for.

    Example: `find_tasks("Factor $x^2-1$.") == {"factor"}`
    """
    return frozenset(name for name, pattern in TASKS.items() if pattern.search(text))


@lru_cache(maxsize=256)
def asks_for_notation(text: str) -> bool:
    """Return whether a question asks for another notation or unit of a number that it gives.

    Example: `asks_for_notation("Write 3/4 as a decimal.") and not asks_for_notation("What is 3/4 of 8?")`
    """
    return _NOTATION.search(text) is not None or any(is_known(unit) for unit in _ASKED_UNIT.findall(text))


def list_expressions(text: str) -> list[str]:
    r"""Return the texts of a question that may be expressions: what stands between dollar signs, and runs of formula.

    Example: `list_expressions("Expand $(x+1)^2$ for 2 < x.") == ["(x+1)^2", "2 < x"]`
    """
    text = text[:MAX_QUESTION]
    pieces = [*find_math(text), *(run[0] for run in _RUN.finditer(_MATH.sub(" ; ", text)))]
    plain = (piece.strip(" .,?") for piece in pieces)
    return [piece for piece in dict.fromkeys(plain) if len(piece) > 1 and not piece.isdigit()]


@lru_cache(maxsize=256)
def find_expressions(text: str) -> tuple[Value, ...]:
    r"""Return the expressions and relations of a question: formulas, their sides and items, and those in its text.

    Example: `find_expressions("Expand $(x+1)^2$.")` and those of `"Expand (x+1)^2."` are the same
    """
    found: list[Value] = []
    for piece in list_expressions(text):
        found.extend(part for part in walk_values(read(piece)) if not isinstance(part, Words))
    return tuple(dict.fromkeys(found[:MAX_EXPRESSIONS]))


@lru_cache(maxsize=256)
def find_numerals(text: str) -> tuple[Formula, ...]:
    """Return the numbers of a question as they stand in it, each also with the unit behind it.

    Example: of "A rope of 300 cm" these are `300 cm` and `300`
    """
    text = text[:MAX_QUESTION]
    pieces = [
        *find_math(text),
        *(one[0] for one in _QUANTITY.finditer(text)),
        *(one[0] for one in _NUMERAL.finditer(text)),
    ]
    values = (read(clean(piece)) for piece in dict.fromkeys(pieces[: 2 * MAX_EXPRESSIONS]))
    return tuple(dict.fromkeys(value for value in values if isinstance(value, Formula)))
