"""Units are converted."""

from hypothesis import given, settings
from hypothesis import strategies as st

from revisual.grading.response import judge

QUICK = settings(max_examples=60, deadline=None)

NAMED = st.sampled_from(
    [("m", "cm", 100), ("h", "minutes", 60), ("kg", "g", 1000), ("km", "m", 1000), ("weeks", "days", 7)]
)


def right(answer, gold):
    return judge(rf"\boxed{{{answer}}}", gold).score == 1.0


@QUICK
@given(st.integers(1, 10**5), NAMED)
def test_units_are_converted(number, units):
    large, small, ratio = units
    assert right(f"{number * ratio} {small}", f"{number} {large}")
    assert right(f"{number}", f"{number} {large}")
    assert not right(f"{number} {small}", f"{number} {large}")
    assert not right(f"{number} L", f"{number} {large}")
