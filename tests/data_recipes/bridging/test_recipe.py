import pytest

from revisual.data_recipes.bridging.recipe import extract_thoughts


@pytest.mark.parametrize(
    ("response", "thoughts"),
    [
        ("<think>a</think>b", "a"),
        ("a</think>b", "a"),  # the template opened it
        ("<think></think>b", "b"),  # a model that thinks in its answer
        ("b", "b"),
        ("<think>a</think>b</think>c", "a</think>b"),  # which `PlainThoughts` refuses
    ],
)
def test_thoughts_of_a_reply(response, thoughts):
    assert extract_thoughts(response) == thoughts
