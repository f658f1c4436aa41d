"""What is sent to a server and what comes back."""

from revisual.client import client

from .chat_server import ChatServer, Response, says, streams
from .helpers import ask, question, quick


def test_a_refused_request_is_not_sent_again(tmp_path):
    def answer(call):
        return Response(400, b"the prompt is too long") if call.text == "question 1" else says("42")

    with ChatServer(answer) as server:
        records = ask(quick(server.url), [question(i) for i in range(3)], tmp_path / "a.jsonl")
    assert len(server.calls) == 3
    assert records["q1"].is_failed and records["q1"].error == "HTTP 400: the prompt is too long"


def test_streams(tmp_path):
    whole = streams("<think>6 * 7</think> It is 42: ✓.")
    half = Response(body=whole.body[:100], headers=whole.headers)  # ends well, as far as HTTP goes
    cut = Response(body=whole.body, headers=whole.headers, cut=100)
    with ChatServer(lambda call: [half, cut, whole]) as server:
        server_settings = quick(server.url, stream=True)
        record = ask(server_settings, [question(0)], tmp_path / "a.jsonl")["q0"]
    assert (record.response, record.finish_reason, record.attempts) == ("<think>6 * 7</think> It is 42: ✓.", "stop", 3)
    assert record.completion_tokens == 7 and server.calls[0].body["stream"] is True


def test_a_stream_ends_with_done_however_long_the_connection_stays(tmp_path):
    said = streams("It is 42.")
    open_end = Response(body=said.body, headers={**said.headers, "Content-Length": "1000000"})
    with ChatServer(lambda call: open_end) as server:
        asked = quick(server.url, stream=True, timeout_seconds=5.0)
        record = ask(asked, [question(0)], tmp_path / "a.jsonl")["q0"]
    assert (record.response, record.completion_tokens, record.attempts) == ("It is 42.", 3, 1)


def test_bodies_lines_and_headers_have_bounds(tmp_path, monkeypatch):
    monkeypatch.setattr(client, "MOST_BYTES", 2**21)
    stream = {"Content-Type": "text/event-stream"}
    bodies = {
        "question 0": Response(body=b"x" * (3 * 2**20)),
        "question 1": Response(body=b"data: " + b"x" * (3 * 2**19), headers=stream),
        "question 2": Response(body=b"data: {}\n" * (2**20), headers=stream),
        "question 3": Response(headers={"X": "y" * 100_000}),
    }
    with ChatServer(lambda call: bodies[call.text]) as server:
        found = ask(quick(server.url, stream=True), [question(n) for n in range(4)], tmp_path / "a.jsonl")
    told = ["more than 2 MiB", "a line of the stream has more than 1 MiB", "more than 2 MiB", "the connection failed"]
    assert [part in found[f"q{n}"].error for n, part in enumerate(told)] == [True] * 4


def test_redirects_are_refused_and_the_key_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-123")
    with (
        ChatServer(lambda call: says("stolen")) as thief,
        ChatServer(lambda call: Response(307, headers={"Location": f"{thief.url}/chat/completions"})) as server,
    ):
        record = ask(quick(server.url), [question(0)], tmp_path / "a.jsonl")["q0"]
    assert record.is_failed and "redirect" in record.error and str(thief.port) in record.error
    assert len(server.calls) == 1 and not thief.calls
    assert server.calls[0].headers["authorization"] == "Bearer sk-secret-123"


def test_without_a_key_none_is_sent(tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with ChatServer(lambda call: says("42")) as server:
        ask(quick(server.url), [question(0)], tmp_path / "a.jsonl")
    assert "authorization" not in server.calls[0].headers
