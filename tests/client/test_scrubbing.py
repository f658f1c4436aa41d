"""A key in what a server sends back, written as libraries write text."""

import html
import json
from urllib.parse import quote

import pytest

from revisual.client.reply import Reply
from revisual.client.scrubbing import HIDDEN, make_scrubber, scrub_reply

KEY = "sk-a/b+c=\"d\\e'f&g<h>%"

WRITTEN = {
    "plain": KEY,
    "JSON": json.dumps(KEY)[1:-1],
    "JSON twice": json.dumps(json.dumps(KEY)[1:-1])[1:-1],
    "JSON, by number": "".join(f"\\u{ord(letter):04X}" for letter in KEY),
    "Python": repr(KEY)[1:-1],
    "Python, by number": "".join(f"\\x{ord(letter):02x}" for letter in KEY),
    "URL": quote(KEY, safe=""),
    "URL twice": quote(quote(KEY, safe=""), safe=""),
    "HTML, by number": "".join(f"&#{ord(letter)};" for letter in KEY),
    "HTML, by hexadecimal number": "".join(f"&#x{ord(letter):X};" for letter in KEY),
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_a_key_is_hidden_however_it_is_written(text):
    assert make_scrubber(KEY)(f"no such key: {text}, sorry") == f"no such key: {HIDDEN}, sorry"


def test_a_plain_key_is_hidden_in_escaped_html():
    assert make_scrubber("sk-123")(html.escape("<b>sk-123</b>")) == f"&lt;b&gt;{HIDDEN}&lt;/b&gt;"


def test_other_text_stays():
    text = json.dumps({"error": "sk-a is none"})
    assert make_scrubber(KEY)(text) == text
    assert make_scrubber("")(text) == text


def test_replies_keep_all_but_the_key():
    reply = Reply("It is sk-123.", "sk-123", prompt_tokens=3, completion_tokens=4)
    assert scrub_reply(reply, make_scrubber("sk-123")) == Reply(f"It is {HIDDEN}.", HIDDEN, 3, 4)
