"""One row of a data file, and the sample made from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

from PIL.Image import Image

from revisual.core.errors import UserError
from revisual.core.text import has_surrogate, shorten
from revisual.data.images import ImageSource, StoredBytes, image_source
from revisual.data.readers.choices import read_choices
from revisual.data.readers.conversation import (
    PLACEHOLDER,
    is_conversation,
    place_pictures,
    read_conversation,
    take_pictures,
)
from revisual.data.readers.message_check import check_messages
from revisual.data.sample import Sample
from revisual.data.turns import reply_text

FIELDS = tuple(field.name for field in fields(Sample))
MOST_COLUMNS = 200
"""Characters of the names of columns that a message lists."""
USUAL_COLUMNS = {
    "messages": ("conversations", "prompt"),
    "images": ("image",),
    "answer": ("reward_model.ground_truth",),
    "source": ("data_source",),
}
"""Where else a field stands that no column is named for: in ShareGPT's and LLaVA's files, and in verl's."""


@dataclass(frozen=True)
class Row:
    """A row as it was read.

    Example: `Row(place="data/train.jsonl, line 3", id="train:3", values={"question": ...}, root=Path("data"))`

    Args:
        place: where the row is, for messages.
        id: the sample's id, if the row has none.
        values: the row's columns.
        root: the folder that its pictures' paths are relative to.
        stored: from a column, and a place in its list, to where a picture's bytes can be read again.
    """

    place: str
    id: str
    values: Mapping[str, Any]
    root: Path
    stored: Callable[[str, int | None], StoredBytes] | None = None


def sample_from_row(
    row: Row,
    columns: Mapping[str, str],
    source: str | None = None,
    require_answer: bool = True,
    answer_index: int | None = None,
) -> Sample:
    """Return the sample in a row.

    Example: a row with the columns `problem` and `gold` and `columns={"question": "problem", "answer": "gold"}`

    Args:
        row: as it was read.
        columns: from fields to columns.
        source: of the sample, in place of a column.
        require_answer: refuse a row without an answer.
        answer_index: the first choice's number, where answers are places among the choices.

    Raises:
        UserError: a column or its value is not as it must be; the message does not name the place.
    """
    values = {name: _value(name, row.values, columns) for name in FIELDS}
    conversation, inside = _conversation(values["messages"])
    column = find_column("images", row.values, columns)
    beside = _images(values["images"], row, column)
    images = beside or tuple(image_source(each, row.root) for each in inside)
    messages = tuple(place_pictures(conversation, len(beside))) or None
    question = _question(_text("question", values["question"]), len(images))
    choices = read_choices(values["choices"])
    answer = choices.letter_of(_text("answer", values["answer"]), answer_index) or reply_text(messages or ()) or ""
    if not question.strip() and messages is None:
        raise UserError(f"{_say_field('question', columns)} is empty{_say_absent('question', row, columns)}")
    if require_answer and not answer.strip():
        absent = _say_absent("answer", row, columns)
        raise UserError(
            f"{_say_field('answer', columns)} is empty{absent}; set require_answer: false to read rows without one"
        )
    return Sample(
        id=_text("id", values["id"]) or row.id,
        question=question,
        answer=answer,
        source=_text("source", values["source"]) if source is None else source,
        images=images,
        choices=choices.texts or None,
        solution=_text("solution", values["solution"]) or None,
        messages=messages,
        extra=_extra(values["extra"]),
    )


def find_column(name: str, values: Mapping[str, Any], columns: Mapping[str, str]) -> str:
    """Return the column that a field is read from, if it is there: the named one, that of its name, or a usual one.

    Example: `find_column("images", {"image": "7.png"}, {}) == "image"`
    """
    usual = [name, *USUAL_COLUMNS.get(name, ())]
    return columns.get(name) or next((column for column in usual if values.get(column.split(".")[0])), name)


def _value(name: str, values: Mapping[str, Any], columns: Mapping[str, str]) -> Any:
    column = find_column(name, values, columns)
    if name in columns or column == name:
        return lookup(values, columns.get(name), default=name)
    if name == "messages":  # a conversation in place of a question, and not beside one
        found = None if values.get("question") or "question" in columns else values[column]
        return found if column == "conversations" or is_conversation(found) else None
    first, _, inner = column.partition(".")
    held = values[first]
    return held if not inner else held.get(inner) if isinstance(held, Mapping) else None


def _conversation(value: Any) -> tuple[list[dict[str, Any]], list[Any]]:
    """Return turns, and the pictures that stand in them."""
    try:
        turns = read_conversation(value or [])
    except RecursionError:
        raise UserError("messages are nested too deeply") from None
    check_messages(turns)
    return take_pictures(turns)


def lookup(values: Mapping[str, Any], column: str | None, default: str) -> Any:
    """Return the value of a column that must exist, or of `default` if that exists and no column is asked for.

    Example: `lookup({"extra": {"solution": "6 * 7 = 42"}}, "extra.solution", default="solution") == "6 * 7 = 42"`

    Raises:
        UserError: the column does not exist; lists those that do.
    """
    if column is None:
        return values.get(default)
    if column in values:  # first, as a column's own name may hold dots
        return values[column]
    found: Any = values
    prefix = ""
    for key in column.split("."):
        if found is None:  # nested in an object that this row leaves empty
            return None
        if not isinstance(found, Mapping):
            raise UserError(f"column {column!r} does not exist: {prefix[:-1]!r} is not an object")
        if key not in found:
            there = ", ".join(prefix + str(name) for name in found) or "none"
            raise UserError(f"column {column!r} does not exist; there are: {there}")
        found = found[key]
        prefix += f"{key}."
    return found


def _say_field(name: str, columns: Mapping[str, str]) -> str:
    column = columns.get(name, name)
    return name if column == name else f"{name} (column {column!r})"


def _say_absent(name: str, row: Row, columns: Mapping[str, str]) -> str:
    """Say that a row has no column of a field's name, and which ones it has; empty where it has one."""
    if name in columns or name in row.values:
        return ""
    there = shorten(", ".join(map(str, row.values)), MOST_COLUMNS) or "none"
    return f", as there is no such column (there are: {there}); columns: {{{name}: COLUMN}} names another"


def _text(name: str, value: Any) -> str:
    if value is None or value != value:  # a missing number is often stored as NaN, which alone differs from itself
        return ""
    if not isinstance(value, str | int | float | Decimal):
        raise UserError(f"{name} is of type {type(value).__name__}, not text or a number")
    text = str(value)
    if has_surrogate(text):
        raise UserError(f"{name} holds half a surrogate pair, which no tokenizer takes")
    return text


def _question(question: str, images: int) -> str:
    # Chat rendering puts the pictures before the text, so marks that stand for them are no longer needed. A different
    # number of marks means that they stand for something else, and they stay as they are.
    if images and question.count(PLACEHOLDER) == images:
        return question.replace(PLACEHOLDER, "").strip()
    return question


def _images(value: Any, row: Row, column: str) -> tuple[ImageSource, ...]:
    if value is None or (isinstance(value, str | bytes) and not value):
        return ()
    several = not isinstance(value, Image) and isinstance(value, list | tuple)

    def source(item: Any, place: int | None) -> ImageSource:
        return image_source(item, row.root, None if row.stored is None else row.stored(column, place))

    return tuple(source(item, place) for place, item in enumerate(value)) if several else (source(value, None),)


def picture_bytes(values: Mapping[str, Any], column: str, place: int | None) -> bytes:
    """Return the bytes of one picture in a row that has been read again (see `Row.stored`)."""
    value = lookup(values, column, column)
    item = value if place is None else value[place]
    return bytes(item["bytes"] if isinstance(item, Mapping) else item)


def _extra(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise UserError(f"extra is of type {type(value).__name__}, not an object")
    return value
