"""Turns of a conversation."""

from revisual.data.sample import Sample
from revisual.data.turns import asked_turns, count_pictures, parts_of, reply_text, text_of

USER = {
    "role": "user",
    "content": [{"type": "image"}, {"type": "text", "text": "6 * 7"}, {"type": "text", "text": "?"}],
}
REPLY = {"role": "assistant", "content": "42"}


def test_the_last_reply_is_not_asked():
    assert asked_turns([USER, REPLY]) == asked_turns([USER]) == [USER]
    assert asked_turns([USER, REPLY, USER]) == [USER, REPLY, USER]
    assert [reply_text(turns) for turns in ([USER, REPLY], [USER], [])] == ["42", None, None]


def test_content_is_text_or_parts():
    assert (text_of(USER), text_of(REPLY), text_of({"role": "assistant"})) == ("6 * 7?", "42", "")
    assert parts_of(REPLY) == [{"type": "text", "text": "42"}]
    assert count_pictures([USER, REPLY, USER]) == 2


def test_a_conversation_asks_what_its_user_says_last():
    assert Sample("s", messages=[USER, REPLY]).asked == "6 * 7?"
    assert Sample("s", question="Which?", messages=[USER]).asked == Sample("s", question="Which?").asked == "Which?"
