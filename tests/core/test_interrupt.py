import os
import signal
from contextlib import suppress

import pytest

from revisual.core.interrupt import SIGNALS, Interrupted, interruptible


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_an_exception_within_the_block(number):
    before = signal.getsignal(number)
    with pytest.raises(Interrupted) as caught, interruptible():
        os.kill(os.getpid(), number)
    assert caught.value.signal == number and signal.getsignal(number) == before


def test_what_meets_errors_does_not_take_it():
    with pytest.raises(Interrupted), interruptible(), suppress(Exception):
        os.kill(os.getpid(), signal.SIGINT)
