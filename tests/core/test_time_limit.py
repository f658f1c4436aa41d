"""What may never come to its end."""

import signal
import threading

import pytest

from revisual.core.time_limit import time_limit


def endless():
    while True:
        pass


def test_an_endless_loop_is_ended():
    with pytest.raises(TimeoutError, match=r"not done after 0\.05 s"), time_limit(0.05):
        endless()


def test_what_ends_is_left_alone_and_nothing_comes_later():
    before = signal.getsignal(signal.SIGALRM)
    with time_limit(600.0):
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 600
        found = sum(range(10))
    assert found == 45 and signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before


def test_another_thread_is_left_alone():
    found = []

    def work():
        with time_limit(0.01):
            threading.Event().wait(0.05)
            found.append(1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [1]
