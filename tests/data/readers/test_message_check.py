"""Conversations of any shape are read, or named with the line and the turn; they never give a traceback."""

import json

import pytest

from revisual.core.errors import UserError
from revisual.data.readers import JSONLReader

from .reading import error_of, jsonl


def turn(content):
    return [{"role": "user", "content": content}]


def nested(depth):
    value = "x"
    for _ in range(depth):
        value = [value]
    return value


REFUSED = {
    "number": (turn(3), "message 1 has content of type int, not text or a list"),
    "bool": (turn(True), "message 1 has content of type bool"),
    "object": (turn({"type": "text", "text": "a"}), "message 1 has content of type dict"),
    "list of null": (turn([None]), "message 1 has a part of type NoneType"),
    "second turn": (turn("a") + turn([7]), "message 2 has a part of type int"),
    "empty part": (turn([{}]), "message 1 has a part of the type None, which is neither text nor image"),
    "video": (turn([{"type": "video"}]), "message 1 has a part of the type 'video'"),
    "no text": (turn([{"type": "text"}]), "message 1 has a part of the type 'text' without a text"),
    "text of a number": (turn([{"type": "text", "text": 3}]), "message 1 has a part of the type 'text' without a text"),
    "surrogate": (turn("\ud800"), "message 1 holds half a surrogate pair"),
    "surrogate in a part": (turn([{"type": "text", "text": "\ud800"}]), "message 1 holds half a surrogate pair"),
    "surrogate in a role": ([{"role": "\ud800", "content": "a"}], "message 1 holds half a surrogate pair"),
    "empty role": ([{"role": " ", "content": "a"}], "message 1 has an empty role"),
    "deep": (turn(nested(900)), "messages are nested too deeply"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_shape_is_named(tmp_path, case):
    messages, reason = REFUSED[case]
    path = jsonl(tmp_path, {"question": "q", "answer": "1", "messages": messages})
    assert error_of(JSONLReader(path)).startswith(f"{path}, line 1: {reason}")


def shapes(value, depth=2):
    """Things that may stand in the place of a conversation, a turn, its content or a part."""
    plain = [None, True, 3, 1.5, "", "a", "\ud800", [], {}]
    yield from plain
    if depth:
        for inner in shapes(value, depth - 1):
            yield [inner]
            yield {"role": "user", "content": inner}
            yield {"role": inner, "content": "a"}
            yield {"type": "text", "text": inner}
            yield {"type": inner}


def test_whatever_is_read_is_rendered_or_refused(tmp_path, encoder):
    """Of every shape in every place, with and without a system turn of the encoder's own."""
    seen = {"rendered": 0, "refused": 0}
    for shape in shapes(None):
        for messages in (shape, [shape], turn(shape), turn([shape]), [*turn("a"), shape]):
            path = tmp_path / "one.jsonl"
            path.write_text(json.dumps({"question": "q", "answer": "1", "messages": messages}) + "\n")
            try:
                (sample,) = JSONLReader(path)()
                encoder.encode(sample)
                seen["rendered"] += 1
            except UserError as error:
                assert "\n" not in str(error)
                seen["refused"] += 1
    assert min(seen.values()) > 20
