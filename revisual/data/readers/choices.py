"""Choices as data sets have them, and the letter of the right one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from revisual.core.errors import UserError
from revisual.core.text import has_surrogate


@dataclass(frozen=True)
class Choices:
    """Choices in order.

    Args:
        texts: what they say; they are shown as A, B, ...
        labels: what the data set calls them, if it does.
    """

    texts: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    def letter_of(self, answer: str, first: int | None) -> str:
        """Return the letter of an answer that is a label, or a place counted from `first`; any other as it is.

        Example: `Choices(("red", "blue")).letter_of("1", first=0) == "B"`

        Raises:
            UserError: answers are places, and this is none of the choices'.
        """
        if not self.texts or not answer.strip():
            return answer
        if first is not None:
            place = int(answer) - first if answer.strip().isdecimal() else -1
            if not 0 <= place < len(self.texts):
                last = first + len(self.texts) - 1
                raise UserError(f"answer {answer!r} is no place among the choices, which are {first} to {last}")
            return _letter(place)
        return _letter(self.labels.index(answer.strip())) if answer.strip() in self.labels else answer


def read_choices(value: Any) -> Choices:
    """Return choices from a list, from an object of texts by label, or from one with `text` and `label`.

    Example: `read_choices({"A": "red", "B": "blue"}) == Choices(("red", "blue"), ("A", "B"))`

    Raises:
        UserError: they are none of these.
    """
    if value is None:
        return Choices()
    labels: Sequence[Any] = ()
    if isinstance(value, Mapping):
        labels, value = _of_object(value)
    if not isinstance(value, list | tuple):
        raise UserError(f"choices are of type {type(value).__name__}, not a list")
    return Choices(tuple(map(_text, value)), tuple(str(label).strip() for label in labels))


def _of_object(value: Mapping[Any, Any]) -> tuple[Sequence[Any], Any]:
    if set(value) == {"text", "label"}:
        texts, labels = value["text"], value["label"]
        if not (isinstance(texts, list | tuple) and isinstance(labels, list | tuple) and len(texts) == len(labels)):
            raise UserError("choices have texts and labels that are no two lists of one length")
        return labels, texts
    there = {label: text for label, text in value.items() if text is not None}  # Parquet fills in what a row lacks
    return list(there), list(there.values())


def _text(choice: Any) -> str:
    text = choice if isinstance(choice, str) else "" if choice is None or choice != choice else choice
    if not isinstance(text, str | int | float):
        raise UserError(f"a choice is of type {type(choice).__name__}, not text or a number")
    if not str(text).strip():
        raise UserError("a choice is empty")
    if has_surrogate(str(text)):
        raise UserError("a choice holds half a surrogate pair, which no tokenizer takes")
    return str(text)


def _letter(place: int) -> str:
    return chr(ord("A") + place)
