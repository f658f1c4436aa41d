import json
import tracemalloc

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


@pytest.mark.parametrize("reason", ["abort", "error", "content_filter", "tool_calls", "function_call"])
def test_ends_that_leave_no_answer_are_told_apart(reason):
    reply = read_reply(body({"content": "It is"}, finish_reason=reason))
    assert reason in reply.fault
    assert read_reply(body({"content": "It is"}, finish_reason="stop")).fault is None


def test_thoughts_without_an_answer():
    for content in (None, "", " \n"):
        fault = read_reply(body({"reasoning": "6 *", "content": content}, finish_reason="stop")).fault
        assert fault is not None and "thoughts alone" in fault
    assert read_reply(body({"reasoning": "6 *", "content": None}, finish_reason="length")).fault is None  # cut
    assert read_reply(body({"content": "<think>6</think>"}, finish_reason="stop")).fault is None  # as the model said


def test_a_bomb_of_lists_is_not_built():
    bomb = b'{"choices": [' + b"[]," * 2_000_000 + b"[]]}"
    tracemalloc.start()
    with pytest.raises(BrokenReply, match="1,000,000 values"):
        read_reply(bomb)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < len(bomb)


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
    with pytest.raises(BrokenReply, match="without a finish_reason"):
        streamed(*pieces[:-2], b"data: [DONE]")


@pytest.mark.parametrize("lines", [[], [piece(delta={"content": "4"})], [b"data: {"], [b'data: {"error": "oh"}']])
def test_broken_streams(lines):
    with pytest.raises(BrokenReply):
        streamed(*lines)
