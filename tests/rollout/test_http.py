"""Talking to a server of vLLM, without vLLM."""

import pytest
from client.chat_server import ChatServer, Response

from revisual.client.retries import Retries
from revisual.client.server import Server
from revisual.core.errors import UserError
from revisual.rollout import http
from revisual.rollout.http import InferenceServer, ServerGone
from revisual.rollout.vllm.server import VLLMServerRollout, _answer


@pytest.mark.parametrize(
    ("response", "error", "said"),
    [
        (Response(status=500, body=b"engine is dead"), ServerGone, "HTTP 500 from /x: engine is dead"),
        (Response(status=503), ServerGone, "HTTP 503"),
        (Response(body=b'{"half": 1', headers={}), ServerGone, "no JSON"),
        (Response(body=b'{"whole": 1}', cut=4), ServerGone, "the connection failed"),
        (Response(body=b"[" * 100_000), ServerGone, "no JSON"),
        (Response(headers={"X": "y" * 10_000}), ServerGone, "the connection failed"),
        (Response(status=404, body=b"what?"), UserError, "/x: HTTP 404: what?"),
        (Response(status=307, headers={"Location": "http://elsewhere.invalid"}), UserError, "HTTP 307"),
    ],
)
def test_what_a_server_may_do(response, error, said):
    with ChatServer(lambda call: response) as chat, pytest.raises(error, match=said):
        InferenceServer(Server(chat.url.removesuffix("/v1"), "")).call("POST", "/x", {})


def test_an_answer_without_end_is_given_up(monkeypatch):
    monkeypatch.setattr(http, "MOST_BYTES", 1000)
    with ChatServer(lambda call: Response(body=b" " * 5000)) as chat, pytest.raises(ServerGone, match="more than"):
        InferenceServer(Server(chat.url.removesuffix("/v1"), "")).call("POST", "/x", {})


@pytest.mark.parametrize(("reply", "told"), [
    ({}, "lacks 'choices'"),
    ([], "an answer lacks"),
    ({"choices": []}, "an answer lacks"),
    ({"choices": [{"finish_reason": "abort", "token_ids": [1]}], "prompt_token_ids": [1]}, "ended with 'abort'"),
    ({"choices": [{"finish_reason": "stop", "token_ids": [1], "logprobs": None}], "prompt_token_ids": [1]}, "lacks"),
])  # fmt: skip
def test_a_reply_that_is_no_answer_is_a_server_that_is_gone(reply, told):
    with pytest.raises(ServerGone, match=told):
        _answer(reply)


def test_a_silent_server_is_gone():
    with ChatServer(lambda call: Response(body=b"{}", wait=2.0)) as chat:
        server = InferenceServer(Server(chat.url.removesuffix("/v1"), "", timeout_seconds=0.1))
        with pytest.raises(ServerGone, match=r"no answer from /x within 0\.1 s"):
            server.call("POST", "/x", {})


def test_the_key_goes_along(monkeypatch):
    monkeypatch.setenv("VLLM_API_KEY", "sk-secret")
    with ChatServer(lambda call: Response(body=b"{}")) as chat:
        VLLMServerRollout(chat.url.removesuffix("/v1")).server.call("POST", "/x", {})
        assert chat.calls[0].headers["authorization"] == "Bearer sk-secret"


def test_no_server_at_all(policy, encoder):
    engine = VLLMServerRollout("http://127.0.0.1:9", retries=Retries(attempts=2, first_delay=0.01))
    engine.attach(policy, encoder)
    with pytest.raises(UserError, match=r"http://127\.0\.0\.1:9: no new weights after 2 attempts: the connection fai"):
        engine.load_weights(policy.state_dict().items())
