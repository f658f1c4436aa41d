"""Sets have no order, and tuples have."""

from hypothesis import given, settings
from hypothesis import strategies as st

from revisual.grading.response import judge

QUICK = settings(max_examples=60, deadline=None)


def right(answer, gold):
    return judge(rf"\boxed{{{answer}}}", gold).score == 1.0


@QUICK
@given(st.lists(st.integers(-50, 50), min_size=2, max_size=6, unique=True), st.randoms())
def test_sets_have_no_order_and_tuples_have(numbers, random):
    shuffled = numbers[:]
    random.shuffle(shuffled)
    gold, answer = ", ".join(map(str, numbers)), ", ".join(map(str, shuffled))
    assert right(rf"\{{{answer}\}}", rf"\{{{gold}\}}")
    assert right(answer, gold)
    assert right(f"({answer})", f"({gold})") == (numbers == shuffled)
    assert not right(rf"\{{{', '.join(map(str, numbers[1:]))}\}}", rf"\{{{gold}\}}")
