"""Letters of options are sets."""

from hypothesis import given, settings
from hypothesis import strategies as st

from revisual.grading.response import judge

QUICK = settings(max_examples=60, deadline=None)


def right(answer, gold):
    return judge(rf"\boxed{{{answer}}}", gold).score == 1.0


@QUICK
@given(st.lists(st.sampled_from("ABCDE"), min_size=1, max_size=3, unique=True), st.data())
def test_letters_are_sets(letters, data):
    gold = ", ".join(sorted(letters))
    spelled = data.draw(
        st.sampled_from(
            [" and ".join(letters), ",".join(letters), "".join(sorted(letters)), f"({'), ('.join(letters)})"]
        )
    )
    assert right(spelled, gold)
    assert not right(data.draw(st.sampled_from([other for other in "ABCDE" if [other] != letters])), gold)
