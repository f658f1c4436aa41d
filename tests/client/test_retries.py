import math
from datetime import UTC, datetime

import pytest

from revisual.client.retries import Retries, retry_after_seconds

NOW = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_delays_double_up_to_the_most():
    retries = Retries(first_delay=1.0, most_delay=10.0)
    assert [retries.delay(n, draw=0.0) for n in range(1, 7)] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    assert retries.delay(2, draw=0.5) == 1.5


def test_what_the_server_asks_for_is_the_least():
    assert Retries().delay(1, draw=0.0, retry_after=7.0) == 7.0
    assert Retries().delay(5, draw=0.0, retry_after=1.0) == 8.0
    assert Retries().delay(1, draw=0.0, retry_after=1e9) == 600.0
    assert Retries().delay(1, draw=0.0, retry_after=math.inf) == 600.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        ("0.25", 0.25),
        ("-5", 0.0),
        ("Thu, 02 Jan 2025 03:04:15 GMT", 10.0),
        ("Thu, 02 Jan 2025 03:00:00 GMT", 0.0),
        ("soon", None),
        ("1e999", math.inf),
        ("9" * 5000, math.inf),
        ("Thu, 99 Foo 99999 99:99:99 GMT", None),
        ("Thu, 02 Jan 0000 03:00:00 +9999", None),
        ("1, 2", None),
        ("\ud800", None),
        ("nan", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after(header, seconds):
    assert retry_after_seconds(header, NOW) == seconds
