"""Servers behind a proxy that the environment names."""

import base64

import pytest

from revisual.client.proxy import proxy_for
from revisual.core.errors import UserError

from .chat_server import ChatServer, says
from .helpers import ask, question, quick

NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def test_questions_go_through_the_proxy(monkeypatch, tmp_path):
    """To a name that only the proxy could find, with the key, and with the proxy's password for the proxy alone."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-server")
    with ChatServer(lambda call: says("It is 42.")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://me:sesame@127.0.0.1:{proxy.port}")
        record = ask(quick("http://model.invalid/v1"), [question(0)], tmp_path / "a.jsonl")["q0"]
    (call,) = proxy.calls
    assert record.response == "It is 42." and call.path == "http://model.invalid/v1/chat/completions"
    assert call.headers["authorization"] == "Bearer sk-of-the-server"
    assert base64.b64decode(call.headers["proxy-authorization"].split()[1]) == b"me:sesame"


def test_a_netrc_file_does_not_replace_the_key(monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password sesame\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-server")
    with ChatServer(lambda call: says("42")) as server:
        ask(quick(server.url), [question(0)], tmp_path / "a.jsonl")
    assert server.calls[0].headers["authorization"] == "Bearer sk-of-the-server"


def test_this_machine_needs_no_proxy(monkeypatch, tmp_path):
    with ChatServer(lambda call: says("42")) as server:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        assert ask(quick(server.url), [question(0)], tmp_path / "a.jsonl")["q0"].response == "42"


@pytest.mark.parametrize(
    ("variables", "url", "proxy"),
    [
        ({}, "http://host/v1", None),
        ({"http_proxy": "http://p:1"}, "http://host/v1", "http://p:1"),
        ({"HTTP_PROXY": "p:1"}, "http://host/v1", "http://p:1"),
        ({"HTTP_PROXY": "http://p:1"}, "https://host/v1", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://host/v1", "http://p:1"),
        ({"ALL_PROXY": "http://p:1"}, "https://host/v1", "http://p:1"),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": "host"}, "https://host/v1", None),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": ".b.c"}, "https://a.b.c:8000/v1", None),
        ({"ALL_PROXY": "http://p:1"}, "http://localhost:8000/v1", None),
        ({"ALL_PROXY": "http://p:1"}, "http://[::1]:8000/v1", None),
    ],
)
def test_the_variables(variables, url, proxy, monkeypatch):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(url) == proxy


def test_a_proxy_of_another_kind_is_one_line(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://me:sesame@p:1")
    with pytest.raises(UserError, match="none for http") as error:
        proxy_for("http://host/v1")
    assert "sesame" not in str(error.value)
