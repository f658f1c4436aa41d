"""MMMU: mmmu/utils/eval_utils.py of MMMU-Benchmark/MMMU at bb0b95a."""

import re
from collections.abc import Sequence

# A number that fails from its first digit fails from the others too; (?<!\d) keeps that from being tried.
_NUMBERS = (
    re.compile(r"-?\b\d{1,3}(?:,\d{3})+\b"),
    re.compile(r"-?(?<!\d)\d+(?:\.\d+)?[eE][+-]?\d+"),
    re.compile(r"-?(?:(?<!\d)\d+\.\d+|\.\d+|(?<!\d)\d+\b)(?![eE][+-]?\d+)(?![,\d])"),
)
_KEYS = ("could be ", "so ", "is ", "thus ", "therefore ", "final ", "answer ", "result ")


def choice_score(response: str, options: Sequence[str], gold: str) -> float:
    """Return 1 for the gold letter. Where no option is named, officially one is drawn: the chance that it is right.

    An option is named by "(B)", else by " B ", else, in more than five words, by its text; the last one counts.

    Example: `choice_score("Not (A). The answer is (B).", ["12", "15"], "B") == 1.0`
    Example: `choice_score("I cannot determine it", ["12", "15"], "B") == 0.5`: a fault of the rule
    """
    for mark in ",.!?;:'":
        response = response.strip(mark)
    response = f" {response} "
    letters = [chr(ord("A") + index) for index in range(len(options))]
    for text, marks in (
        (response, [f"({letter})" for letter in letters]),
        (response, [f" {letter} " for letter in letters]),
        (response.lower() if len(response.split()) > 5 else "", [option.lower() for option in options]),
    ):
        named = [(text.rfind(mark), -index) for index, mark in enumerate(marks) if mark in text and text]
        if named:
            return float(letters[-max(named)[1]] == gold)
    return 1.0 / len(letters) if letters else 0.0


def open_is_right(response: str, gold: str) -> bool:
    """Return whether a number or text behind a word such as "is" or "so", or an "=" in the last line, is the gold.

    Numbers are compared after rounding to two decimals; of texts, the gold must be a part.

    Example: `open_is_right("So it is 1,234.567", "1234.57") and not open_is_right("So it is 12", "13")`
    """
    keys = _key_parts(response)
    found = {form for part in keys + [number for key in keys for number in _numbers(key)] for form in _forms(part)}
    wanted = _forms(gold)
    texts = [form for form in wanted if isinstance(form, str)]
    return any(form in wanted if isinstance(form, float) else any(text in form for text in texts) for form in found)


def _key_parts(response: str) -> list[str]:
    response = response.strip().strip(".").lower()
    lines = re.split(r"\.\s(?=[A-Z])|\n", response)
    parts = []
    for number, line in enumerate(lines, start=1):
        marks = (*_KEYS, "=") if number == len(lines) else _KEYS
        shortest = ""
        for tail in [line.split(mark)[-1].strip() for mark in marks if mark in line]:
            if not shortest or len(tail) < len(shortest):
                shortest = tail
        if shortest and shortest not in list(":,.!?;'"):
            parts.append(shortest)
    return parts or [response]


def _numbers(text: str) -> list[str]:
    return [found for pattern in _NUMBERS for found in pattern.findall(text)]


def _forms(text: str) -> list[str | float]:
    text = text.strip()
    try:
        return [round(float(text.replace(",", "")), 2)]
    except ValueError:
        text = text.lower()
        return [f" {text}", f"{text} "] if len(text) == 1 else [text]
