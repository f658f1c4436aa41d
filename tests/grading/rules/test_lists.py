"""Lists with dots."""

from hypothesis import given
from hypothesis import strategies as st

from revisual.grading.rules.lists import DOTS, MAX_ITEMS, expand_dots
from revisual.grading.rules.reading import read


def items(*values):
    return tuple(value if value is DOTS else read(str(value)) for value in values)


@given(st.integers(-50, 50), st.integers(-7, 7).filter(bool), st.integers(3, 30))
def test_dots_are_the_whole_numbers_that_they_leave_out(first, step, count):
    whole = [first + step * place for place in range(count)]
    short = [*whole[:2], DOTS, whole[-1]]
    assert expand_dots(items(*short)) == items(*whole)


def test_what_dots_do_not_determine_stays():
    for values in ([1, DOTS, 9], [1, 2, DOTS], [1, 1, DOTS, 9], [1, 3, DOTS, 8], [9, 7, DOTS, 11], [1, 2, 3],
                   [1, 2, DOTS, 5, DOTS, 9], [0, 1, DOTS, MAX_ITEMS + 2]):  # fmt: skip
        assert expand_dots(items(*values)) == items(*values)
