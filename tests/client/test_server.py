import pytest

from revisual.client.server import Server
from revisual.core.errors import UserError


def test_endpoint():
    assert Server("http://localhost:8000/v1/", "m").endpoint == "http://localhost:8000/v1/chat/completions"


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host/v1", "", "http://", "file:///etc/passwd"])
def test_addresses_that_are_none(url):
    with pytest.raises(UserError, match="base_url"):
        Server(url, "m")


def test_a_password_in_the_address_is_refused_and_not_shown():
    with pytest.raises(UserError, match="OPENAI_API_KEY") as error:
        Server("http://me:sesame@host/v1", "m")
    assert "sesame" not in str(error.value)


@pytest.mark.parametrize("key", ["two\nlines", "schlüssel", "a b"])
def test_a_key_that_fits_in_no_header_is_not_shown(key, monkeypatch):
    monkeypatch.setenv("MY_KEY", key)
    with pytest.raises(UserError, match="MY_KEY") as error:
        Server("http://host/v1", "m", key_env="MY_KEY").key()
    assert key not in str(error.value)


@pytest.mark.parametrize("options", [{"concurrency": 0}, {"timeout_seconds": 0.0}])
def test_bad_settings(options):
    with pytest.raises(UserError, match=f"{next(iter(options))}: expected"):
        Server("http://host/v1", "m", **options)
