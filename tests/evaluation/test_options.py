import pytest

from revisual.core.errors import UserError
from revisual.evaluation import options


@pytest.mark.parametrize(("question", "found"), [
    ("Which?\nChoices:\nA:40\nB:60", ["A. 40", "B. 60"]),
    ("Which?\nA:40\nC:60", []),  # letters that go on otherwise are no options
    ("Which?\nA:40", []),
    ("Which?", []),
])  # fmt: skip
def test_options_of_lines(question, found):
    assert options.options_of_lines(question) == found


@pytest.mark.parametrize("text", ["__import__('os').getcwd()", "[1, 2]", "('a', 'b')", "[" * 5000, ""])
def test_only_lists_of_texts_are_options(text):
    with pytest.raises(UserError, match="options are no list of texts"):
        options.options_of_list(text)
    assert options.options_of_list("['12', '15']") == ["12", "15"]
