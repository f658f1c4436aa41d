"""Whether a config has the shape of one."""

import pytest

from revisual.config.sections import check_sections
from revisual.core.errors import UserError


def check(text):
    check_sections(text, {"trainer", "model"}.__contains__)


@pytest.mark.parametrize("text", [
    "trainer: {max_steps: 3}",
    "trainer: trainer.yaml",
    "seed_everything: 0",
    "model: {class_path: A, init_args: {rewards: [{class_path: B, init_args: {}}]}}",
    "- a list",
    "{broken",
    "",
])  # fmt: skip
def test_a_section_may_be_options_or_a_files_path(text):
    named = []
    check_sections(text, lambda name: bool(named.append(name)) or name in {"trainer", "model"})
    is_mapping = ":" in text and not text.startswith("{")
    assert named == ([text.partition(":")[0]] if is_mapping else [])  # each key was asked about, and none refused


@pytest.mark.parametrize(("text", "told"), [
    ("trainer: 3", "trainer: expected a section of options, got 3"),
    ("model: null", "model: expected a section of options, got null"),
    ("trainer: [a]", 'trainer: expected a section of options, got ["a"]'),
    ("model: {class_path: 3}", "model.class_path: expected a class's name, got 3"),
    ("model: {class_path: ''}", 'model.class_path: expected a class\'s name, got ""'),
    ("model: {init_args: {rewards: [{}, {init_args: 1}]}}",
     "model.init_args.rewards.1.init_args: expected a section of options, got 1"),
])  # fmt: skip
def test_a_value_in_a_sections_place_is_told_with_its_place(text, told):
    with pytest.raises(UserError) as error:
        check(text)
    assert str(error.value) == told
