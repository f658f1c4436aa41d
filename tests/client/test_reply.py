import json

import pytest

from revisual.client.reply import BrokenReply, Reply, StreamedReply, read_reply


def body(message, **fields):
    return json.dumps({"choices": [{"message": message, **fields}]}).encode()


def test_whole_answers():
    usage = {"prompt_tokens": 5, "completion_tokens": 2}
    data = {"choices": [{"message": {"content": "It is 42."}, "finish_reason": "stop"}], "usage": usage}
    reply = read_reply(json.dumps(data).encode())
    assert reply == Reply("It is 42.", "stop", 5, 2) and reply.tokens == 7


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_thoughts_given_apart(name):
    assert read_reply(body({name: "6 * 7", "content": "42"})).text == "<think>6 * 7</think>42"
    assert read_reply(body({name: "6 *", "content": None}, finish_reason="length")) == Reply(
        "<think>6 *</think>", "length"
    )


def test_half_a_surrogate_pair_can_be_stored():
    assert read_reply(b'{"choices": [{"message": {"content": "a\\ud83d \\ud83d\\ude00"}}]}').text == "a\ufffd 😀"


@pytest.mark.parametrize("usage", [None, 3, {"prompt_tokens": "5", "completion_tokens": -1}])
def test_odd_counts_are_unknown(usage):
    data = {"choices": [{"message": {"content": "42"}}], "usage": usage}
    reply = read_reply(json.dumps(data).encode())
    assert (reply.prompt_tokens, reply.completion_tokens, reply.tokens) == (None, None, 0)


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"[" * 100_000, b"{}", b'{"choices": 3}', b'{"choices": [{"message": []}]}', b'{"error": 1}']
)
def test_garbage(data):
    with pytest.raises(BrokenReply):
        read_reply(data)


def streamed(*lines):
    reply = StreamedReply()
    for line in lines:
        reply.add(line)
    return reply.reply()


def piece(**fields):
    return b"data: " + json.dumps({"choices": [fields]}).encode()


def test_streams():
    pieces = [piece(delta={"role": "assistant"}), piece(delta={"reasoning_content": "6 "}), b"", b": waiting"]
    pieces += [piece(delta={"reasoning_content": "* 7"}), piece(delta={"content": "4"}), piece(delta={"content": "2"})]
    pieces += [piece(delta={}, finish_reason="stop"), b'data: {"choices": [], "usage": {"completion_tokens": 9}}']
    assert streamed(*pieces) == Reply("<think>6 * 7</think>42", "stop", None, 9)
    assert streamed(*pieces[:-2], b"data: [DONE]").finish_reason == ""


@pytest.mark.parametrize("lines", [[], [piece(delta={"content": "4"})], [b"data: {"], [b'data: {"error": "oh"}']])
def test_broken_streams(lines):
    with pytest.raises(BrokenReply):
        streamed(*lines)
