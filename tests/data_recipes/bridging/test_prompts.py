import pytest

from revisual.core.errors import UserError
from revisual.data_recipes.bridging.prompts import PromptFiles


def test_a_prompt_without_its_places_is_refused(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("Think about {question}")
    with pytest.raises(UserError, match=r"prompts.reasoning: .*mine.txt: has no place {description}"):
        PromptFiles(reasoning=path).read()
    path.write_bytes(b"\xff")
    with pytest.raises(UserError, match="not UTF-8"):
        PromptFiles(pseudo_cot=path).read()


def test_what_is_filled_in_is_not_filled_again(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("{question} | {description} | \\boxed{} {other}")
    filled = PromptFiles(reasoning=path).read()["reasoning"].fill({"question": "{description}", "description": "d"})
    assert filled == "{description} | d | \\boxed{} {other}"
