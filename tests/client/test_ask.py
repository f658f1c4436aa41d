"""Asking a server that misbehaves in every way that servers do."""

import json
import threading
import time
import tracemalloc

import pytest

from revisual.client.ask import ask_all
from revisual.client.budget import Budget, BudgetSpent
from revisual.client.client import Traffic
from revisual.client.journal import Journal, read_journal
from revisual.client.retries import Retries
from revisual.core.errors import UserError

from .chat_server import ChatServer, Response, says, streams
from .helpers import DECODING, ask, question, quick

TROUBLE = {
    "too many": Response(429, b"slow down", {"Retry-After": "0.05"}),
    "broken server": Response(500, b"<html>oh no</html>"),
    "overloaded": Response(503),
    "garbage": Response(body=b'{"choices": [{"mess'),
    "not an object": Response(body=b"[1, 2]"),
    "an error with status 200": Response(body=b'{"error": {"message": "out of memory"}}'),
    "half an answer": says("It is 42.", cut=30),
    "no choice": Response(body=b'{"choices": []}'),
    "null choice": Response(body=b'{"choices": [null]}'),
    "content is no text": Response(body=b'{"choices": [{"message": {"content": 42}}]}'),
    "an empty answer": Response(body=b'{"choices": [{"message": {"content": ""}}]}'),
    "silence": says("too late", wait=5.0),
}


def patient(url, kind):
    """A client that waits long, but for a silence."""
    return quick(url, timeout_seconds=0.5 if kind == "silence" else 20.0)


@pytest.mark.parametrize("kind", TROUBLE)
def test_trouble_passes(kind, tmp_path):
    with ChatServer(lambda call: [TROUBLE[kind], says("It is 42.")]) as server:
        traffic = Traffic()
        record = ask(patient(server.url, kind), [question(0)], tmp_path / "a.jsonl", traffic=traffic)["q0"]
    assert (record.response, record.finish_reason, record.error, record.attempts) == ("It is 42.", "stop", None, 2)
    assert len(server.calls) == traffic.sent == 2 and traffic.retried == 1 and traffic.trouble


@pytest.mark.parametrize("kind", TROUBLE)
def test_trouble_that_stays_is_a_failure_and_no_answer(kind, tmp_path):
    def answer(call):
        return TROUBLE[kind] if call.text == "question 3" else says("It is 42.")

    with ChatServer(answer) as server:
        records = ask(patient(server.url, kind), [question(i) for i in range(6)], tmp_path / "a.jsonl")
    assert len(records) == 6 and sum(call.text == "question 3" for call in server.calls) == 3
    assert {record.id for record in records.values() if record.is_failed} == {"q3"}
    assert records["q3"].response == "" and "3 attempts" in records["q3"].error


def test_each_kind_of_trouble_at_once(tmp_path):
    kinds = list(TROUBLE)

    def answer(call):
        index = int(call.text.split()[1])
        return (
            says(f"answer {index}") if index >= 3 * len(kinds) else [TROUBLE[kinds[index % len(kinds)]], says("late")]
        )

    with ChatServer(answer) as server:
        records = ask(patient(server.url, "silence"), [question(i) for i in range(100)], tmp_path / "a.jsonl")
    assert all(not record.is_failed for record in records.values()) and len(records) == 100
    assert all(records[f"q{i}"].response == ("late" if i < 36 else f"answer {i}") for i in range(100))


def test_an_answer_that_stays_empty_counts_as_one(tmp_path):
    with ChatServer(lambda call: says("")) as server:
        record = ask(quick(server.url), [question(0)], tmp_path / "a.jsonl")["q0"]
    assert (record.response, record.finish_reason, record.attempts) == ("", "stop", 3)


@pytest.mark.parametrize("reason", ["abort", "error", "content_filter", "tool_calls"])
def test_a_failed_end_is_asked_again_and_never_an_answer(tmp_path, reason):
    failed = says("It is", reason)
    with ChatServer(lambda call: [failed, says("42")] if call.text == "question 0" else failed) as server:
        found = ask(quick(server.url), [question(0), question(1)], tmp_path / "a.jsonl")
    assert (found["q0"].response, found["q0"].attempts, found["q0"].is_failed) == ("42", 2, False)
    assert found["q1"].is_failed and found["q1"].response == "" and reason in found["q1"].error


def test_thoughts_alone_are_asked_again_and_never_an_answer(tmp_path):
    message = {"content": None, "reasoning_content": "6 * 7 is 42"}
    thought = Response(body=json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode())
    with ChatServer(lambda call: thought) as server:
        record = ask(quick(server.url), [question(0)], tmp_path / "a.jsonl")["q0"]
    assert record.is_failed and "thoughts alone" in record.error and len(server.calls) == 3


def test_cut_answers_keep_their_reason(tmp_path):
    with ChatServer(lambda call: says("" if "0" in call.text else "<think>Hm", "length")) as server:
        records = ask(quick(server.url), [question(0), question(1)], tmp_path / "a.jsonl")
    assert [record.finish_reason for record in records.values()] == ["length", "length"]
    assert len(server.calls) == 2


def test_retry_after_is_honoured(tmp_path):
    with ChatServer(lambda call: [Response(429, headers={"Retry-After": "0.6"}), says("42")]) as server:
        began = time.monotonic()
        ask(quick(server.url), [question(0)], tmp_path / "a.jsonl")
    assert time.monotonic() - began >= 0.6


def test_concurrency_has_a_limit(tmp_path):
    with ChatServer(lambda call: says("42", wait=0.02)) as server:
        ask(quick(server.url, concurrency=5), [question(i) for i in range(50)], tmp_path / "a.jsonl")
    assert server.most_at_once == 5


def test_the_key_is_in_no_record(tmp_path, monkeypatch):
    """Even from a server that sends it back."""
    monkeypatch.setenv("MY_KEY", "sk-secret-123")

    def answer(call):
        words = f"your {call.headers['authorization']}"
        return Response(401, words.encode()) if call.text == "question 0" else says(words)

    with ChatServer(answer) as server:
        records = ask(quick(server.url, key_env="MY_KEY"), [question(0), question(1)], tmp_path / "a.jsonl")
    assert records["q1"].response == "your Bearer ***" and records["q0"].error == "HTTP 401: your Bearer ***"
    assert b"secret" not in (tmp_path / "a.jsonl").read_bytes()


def test_a_server_that_never_answers_ends_it_soon(tmp_path):
    server = quick("http://127.0.0.1:9", retries=Retries(attempts=1))
    with pytest.raises(UserError, match=r"http://127.0.0.1:9: the first \d+ requests all failed; .*connection"):
        ask(server, (question(i) for i in range(10**9)), tmp_path / "a.jsonl")


def test_budget_of_requests(tmp_path):
    """Attempts are counted; what is on its way arrives; a later call goes on."""
    requests = [question(i) for i in range(20)]
    with ChatServer(lambda call: says("42")) as server:
        with pytest.raises(BudgetSpent, match="budget of 12 requests"):
            ask(quick(server.url), requests, tmp_path / "a.jsonl", budget=Budget(max_requests=12))
        assert len(server.calls) == 12 == len(list(read_journal(tmp_path / "a.jsonl")))
        assert len(ask(quick(server.url), requests, tmp_path / "a.jsonl")) == 20 == len(server.calls)


def test_budget_of_tokens(tmp_path):
    """11 tokens per answer."""
    with ChatServer(lambda call: says("42")) as server:
        budget = Budget(max_tokens=50)
        with pytest.raises(BudgetSpent):
            ask(quick(server.url, concurrency=1), map(question, range(20)), tmp_path / "a.jsonl", budget=budget)
    assert len(server.calls) == 5 and budget.tokens == 55


def test_requests_are_taken_as_there_is_room(tmp_path):
    """Neither requests nor answers pile up while the caller is busy with one."""
    taken = []

    def requests():
        for i in range(10_000):
            taken.append(i)
            yield question(i)

    with ChatServer(lambda call: says("42")) as server, Journal(tmp_path / "a.jsonl") as journal:
        records = ask_all(quick(server.url, concurrency=4), DECODING, requests(), journal)
        next(records)
        time.sleep(0.5)
        assert len(taken) < 40
        records.close()
    assert len(taken) < 50 and not [thread for thread in threading.enumerate() if thread.name == "asking"]


def test_memory_is_flat(tmp_path):
    """50 kB per answer: 250 of them kept would be 12 MB, and no more than 10 are ever on their way."""
    answer = says("word " * 10_000)
    with ChatServer(lambda call: answer) as server:
        server.calls = type("Forgetful", (), {"append": lambda self, call: None})()
        with Journal(tmp_path / "a.jsonl") as journal:
            tracemalloc.start()
            for _ in ask_all(quick(server.url, concurrency=2), DECODING, map(question, range(250)), journal):
                pass
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    assert (tmp_path / "a.jsonl").stat().st_size > 12e6 and peak < 5e6


KEY = "sk-secret-123"
SPELLINGS = {
    "plain": KEY,
    "escaped by JSON": "".join(f"\\u{ord(letter):04x}" for letter in KEY),
    "escaped in part": KEY.replace("-", "\\u002D"),
    "escaped by Python": "".join(f"\\x{ord(letter):02x}" for letter in KEY),
    "in an address": KEY.replace("s", "%73").replace("-", "%2D"),
    "in a page": "".join(f"&#{ord(letter)};" for letter in KEY),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_key_in_any_spelling_is_in_no_record(tmp_path, monkeypatch, spelling):
    monkeypatch.setenv("MY_KEY", KEY)
    spelled = SPELLINGS[spelling]
    body = b'{"choices": [{"message": {"content": "your %s"}, "finish_reason": "stop"}]}'

    def answer(call):
        if call.text == "question 0":
            return Response(401, f'{{"error": "your {spelled}"}}'.encode())
        if call.text == "question 1":
            return Response(302, b"", {"Location": f"http://{spelled.encode().decode('unicode_escape')}.org/"})
        if call.text == "question 2":
            return says(f"your {spelled}", finish_reason=KEY)
        return Response(body=body % spelled.replace("\\x", "\\\\x").encode())

    with ChatServer(answer) as server:
        found = ask(quick(server.url, key_env="MY_KEY"), [question(n) for n in range(4)], tmp_path / "a.jsonl")
    text = (tmp_path / "a.jsonl").read_text()
    assert "your ***" in found["q0"].error and found["q2"].response == found["q3"].response == "your ***"
    assert not any(one in text for one in (KEY, "secret", "123", *(spelled, spelled.replace("\\", "\\\\"))))


def test_a_key_in_pieces_is_in_no_record(tmp_path, monkeypatch):
    monkeypatch.setenv("MY_KEY", KEY)
    with ChatServer(lambda call: streams(f"your key is {KEY}.")) as server:
        asked = quick(server.url, key_env="MY_KEY", stream=True)
        found = ask(asked, [question(0)], tmp_path / "a.jsonl")
    assert found["q0"].response == "your key is ***." and "secret" not in (tmp_path / "a.jsonl").read_text()
