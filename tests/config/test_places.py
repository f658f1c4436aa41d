import math

import pytest

from revisual.config.places import UNKNOWN, find_place, read_literal


@pytest.mark.parametrize(("text", "value"), [
    ("{'a': [1, -2.5], 'b': None}", {"a": [1, -2.5], "b": None}),
    ("[Namespace(class_path='x', init_args=Namespace(a=inf)), {'b': f(1)}]",
     [{"class_path": "x", "init_args": {"a": math.inf}}, {"b": UNKNOWN}]),
    ("-inf", -math.inf),
    ("a b", UNKNOWN),
    ("(" * 5000, UNKNOWN),
    ("__import__('os').system('true')", UNKNOWN),
])  # fmt: skip
def test_printed_values_are_read_without_being_evaluated(text, value):
    assert read_literal(text) == value


def message(given):
    return f'Parser key "model": something Given value: {given}'


def test_an_option_is_found_by_its_name_its_value_and_what_it_stands_below():
    given = message("{'validation': {'a': {'n': 1}, 'b': {'n': 0}}, 'test': {'c': {'n': 0}}}")
    assert find_place(given, "model", "n", value="0") == "model.validation.b.n"
    assert find_place(given, "model", "n", ["test"], "0") == "model.test.c.n"
    assert find_place(given, "model", "n") == "model: n"  # any of the three
    assert find_place(message("Namespace(w=nan)"), "model", "w", value="nan") == "model.w"
    assert find_place(message("{'betas': [0.9, 2.0]}"), "model", "betas", value="2.0") == "model.betas"


def test_where_nothing_is_quoted_the_keys_are_told():
    assert find_place(message("something long"), "model", "n", ["sampling"], "0") == "model.sampling.n"
