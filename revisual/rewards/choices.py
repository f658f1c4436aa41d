"""Multiple choice: which option an answer names, by its letter or by its text."""

import re
from collections.abc import Sequence

from revisual.rewards.normalization import normalized, to_latex, unwrap_text

_LABELLED = re.compile(r"(?:option |choice )?\(?([A-Za-z])\)?(?:[.:)]| -)? ?", re.IGNORECASE)


def _letter_index(letter: str, count: int) -> int | None:
    index = ord(letter.upper()) - ord("A")
    return index if 0 <= index < count else None


def _without_labels(choices: Sequence[str]) -> list[str] | None:
    """The options' texts if each of them carries its own letter ("A. 12", "B. 15"), else None."""
    texts = []
    for index, choice in enumerate(choices):
        label = re.match(rf"\s*\(?{chr(ord('A') + index)}[.:)]\s*", choice)
        if label is None:
            return None
        texts.append(choice[label.end() :])
    return texts


def _by_text(answer: str, texts: Sequence[str]) -> int | None:
    key = normalized(answer)
    matches = [index for index, text in enumerate(texts) if key and normalized(text) == key]
    return matches[0] if matches else None


def _by_letter(answer: str, texts: Sequence[str]) -> int | None:
    """The option of "B", "(B)", "b.", "Option B" or "B. its text"; a letter with another text names nothing."""
    plain = " ".join(unwrap_text(to_latex(answer)).split())
    label = _LABELLED.match(plain)
    index = _letter_index(label[1], len(texts)) if label else None
    if label is None or index is None:
        return None
    rest = plain[label.end() :]
    # A letter glued to what follows is a word: "Bear" does not name B.
    glued = label.end(1) == label.end() and rest != ""
    if glued or (rest and _by_text(rest, [texts[index]]) is None):
        return None
    return index


def named_choice(answer: str, choices: Sequence[str]) -> int | None:
    """The index of the option that a response's answer names. A letter counts before a text.

    Example: `named_choice("(B)", ["12", "15"]) == named_choice("15", ["12", "15"]) == 1`
    Example: `named_choice("16", ["12", "15"]) is None`
    """
    texts = _without_labels(choices) or list(choices)
    by_letter = _by_letter(answer, texts)
    return by_letter if by_letter is not None else _by_text(answer, texts)


def gold_choice(answer: str, choices: Sequence[str]) -> int | None:
    """The index of the gold option, given by its text or its letter. A text counts before a letter.

    Where the options are letters themselves ("D", "A", "C": points of a drawing), data sets give the text.

    Example: `gold_choice("B", ["A. 12", "B. 15"]) == gold_choice("15", ["12", "15"]) == 1`
    """
    texts = _without_labels(choices)
    if texts is not None:
        by_text = _by_text(answer, choices)
        return by_text if by_text is not None else named_choice(answer, choices)
    by_text = _by_text(answer, choices)
    return by_text if by_text is not None else _by_letter(answer, choices)


def option_text(index: int, choices: Sequence[str]) -> str:
    """An option without its letter.

    Example: `option_text(1, ["A. 12", "B. 15"]) == "15"`
    """
    return (_without_labels(choices) or choices)[index]
