"""Functions with parameters of this release and of the last."""

import warnings

import pytest

from revisual.core.signatures import has_old_parameter, takes


def warned(ask, *arguments):
    """The answer, and what is warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        return ask(*arguments), [str(one.message) for one in caught]


@pytest.mark.parametrize("new", [lambda response, truncated: None, lambda response, **options: None])
def test_a_function_of_this_release_is_taken_in_silence(new):
    assert warned(takes, new, "truncated") == (True, [])


def test_one_of_the_last_release_is_named_once():
    def reward(response):
        pass

    answer, (message,) = warned(takes, reward, "truncated")
    assert not answer
    assert message.startswith(
        f"{__name__}.test_one_of_the_last_release_is_named_once.<locals>.reward takes no `truncated`"
    )
    assert warned(takes, reward, "truncated") == (False, [])


def test_a_parameter_that_is_gone_is_named_once():
    def reward(responses, samples):
        pass

    answer, (message,) = warned(has_old_parameter, reward, "samples")
    assert answer and "takes `samples`: the next release" in message
    assert warned(has_old_parameter, reward, "samples") == (True, [])
    assert warned(has_old_parameter, reward, "grades") == (False, [])
