"""MathVista: evaluation/calculate_score.py of lupantech/MathVista at 53d5258.

Officially a language model extracts the answer first; here the project's grader has extracted it.
"""

import re
from collections.abc import Sequence

from revisual.evaluation.answers import FieldValue
from revisual.evaluation.official.distance import levenshtein

_TWO_PLACES = ("two decimal places", "1.23, 1.34, 1.45")
_HINTS = {
    "text": "and provide the correct option letter, e.g., A, B, C, D",
    "integer": "requiring an integer answer and provide the final value, e.g., 1, 2, 3",
    "list": "requiring a Python list as an answer and provide the final list, e.g., [1, 2, 3], [1.2, 1.3, 1.4]",
}
_LETTER = re.compile(r"\(([a-zA-Z])\)")


def normalize(
    extraction: str, choices: Sequence[str], question_type: str, answer_type: str, precision: FieldValue
) -> str | None:
    """Return the extraction in the form of the answer type, to compare with the gold as text; None if it has none.

    Of multiple choice, the option of the letter, else the option at the least edit distance, whatever was extracted:
    "I cannot determine" is nearest to "Yes", and an empty extraction to the shortest option. Numbers are cut to an
    integer, or rounded to `precision` decimals.

    Example: `normalize("(B)", ["12", "15"], "multi_choice", "text", None) == "15"`
    Example: `normalize("3.14159", [], "free_form", "float", 2.0) == "3.14"`
    Example: `normalize("1,000", [], "free_form", "integer", None) is None`
    """
    if question_type == "multi_choice":
        return _option(extraction.strip(), choices)
    try:
        if answer_type == "integer":
            return str(int(float(extraction)))
        if answer_type == "float" and isinstance(precision, int | float):
            return str(round(float(extraction), int(precision)))
    except (ValueError, OverflowError):
        return None
    return extraction if answer_type == "list" else None


def _option(extraction: str, choices: Sequence[str]) -> str | None:
    if not choices:
        return None
    letter = _LETTER.search(extraction)
    extraction = letter[1].upper() if letter else extraction
    letters = [chr(ord("A") + index) for index in range(len(choices))]
    if extraction in letters:
        return choices[letters.index(extraction)]
    return min(choices, key=lambda choice: levenshtein(extraction, choice))


def hint(answer_type: str, precision: FieldValue) -> str:
    """Return the instruction that begins the prompt (evaluation/build_query.py).

    Example: `hint("integer", None) == "requiring an integer answer and provide the final value, e.g., 1, 2, 3"`
    """
    if answer_type == "float":
        places, example = ("one decimal place", "1.2, 1.3, 1.4") if precision == 1 else _TWO_PLACES
        return f"requiring a floating-point number with {places} and provide the final value, e.g., {example}"
    return _HINTS[answer_type]
