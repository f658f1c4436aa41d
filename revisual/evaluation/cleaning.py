r"""Gold answers that are known to be dirty, and what they should be. Each with the evidence that it rests on.

Only spelling is mended here: no answer is replaced by another one. Both figures, by these golds and by the original
ones (`original_golds/...`), are reported.
"""

from collections.abc import Mapping

ORIGINAL_GOLD = "original_gold"
"""The field that holds a cleaned gold as it was."""

MATHVISION: Mapping[str, str] = {
    "2521": "11",  # "11 ", a blank behind it
    "2830": r"\frac{36}{13}",  # a form feed where a backslash and an f were meant
    "2947": r"69^{\circ}",  # "69{degrees}"
    "3007": r"8\sqrt{3}",  # "8\sqrt{3}{squareinches}"
    "3008": r"\frac{3}{4}\pi",  # "\frac{3}{4}\pi{inches}"
}
"""By `id`; data/test.jsonl of mathllm/MATH-V at a1f5cc3."""

MATHVERSE: Mapping[str, str] = {
    "339": "A",  # the text of an option in place of its letter, in these four
    "340": "A",
    "429": "B",
    "430": "A",
    "440": "C, D",  # two letters on two lines
    "555": "A, C",
    "517": "C",  # a letter in parentheses, in these four
    "518": "C",
    "521": "B",
    "523": "B",
}
"""By `problem_index`, for all versions; data/testmini_text_only.json of ZrrSkywalker/MathVerse at 937b090."""
