"""The default system turn of an export's chat template."""

import pytest
from conftest import small_texts
from transformers import AutoTokenizer

from revisual.data.encoding import PromptEncoder
from revisual.data.prompting import Prompting
from revisual.models.chat_template import default_system_turn
from revisual.models.export import export_policy
from revisual.models.policy import PretrainedPolicy
from revisual.models.processor import save_processor
from revisual.models.tiny import TinyArchitecture, make_tiny_processor

USER = {"role": "user", "content": "What is 7 + 5?"}
ODD = 'Think "first": {{ 7 * 7 }} {% raw %} \\boxed{}\n\tänd 😀 </think> #}'
"""All that a template's own language, JSON or Python could take for theirs."""


def rendered(folder, *messages):
    """As stock transformers renders a conversation, and vLLM with it."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True)


@pytest.mark.parametrize("prompt", ["Be brief.", ODD])
def test_stock_tools_ask_an_export_as_it_was_trained(policy, processor, policy_folder, tmp_path, prompt):
    export_policy(policy, processor, tmp_path / "export", prompting=Prompting(prompt))
    system = {"role": "system", "content": prompt}
    expected = rendered(policy_folder, system, USER)
    assert prompt in expected and rendered(tmp_path / "export", USER) == expected
    assert rendered(tmp_path / "export", system, USER) == expected
    other = {"role": "system", "content": "Another."}
    assert rendered(tmp_path / "export", other, USER) == rendered(policy_folder, other, USER)


def test_training_from_an_export_has_its_own_prompt_alone(policy, processor, mixed_samples, tmp_path):
    export_policy(policy, processor, tmp_path / "one", prompting=Prompting("First."))
    again = PretrainedPolicy(str(tmp_path / "one")).load_processor()
    assert again.chat_template == processor.chat_template == processor.tokenizer.chat_template
    for prompt in (None, "Second."):
        ours, theirs = (PromptEncoder(one, prompt).render(mixed_samples[0]) for one in (again, processor))
        assert ours == theirs and "First." not in ours
    export_policy(policy, again, tmp_path / "two", prompting=Prompting("Second."))
    text = rendered(tmp_path / "two", USER)
    assert text.count("Second.") == 1 and "First." not in text
    export_policy(policy, again, tmp_path / "three", prompting=Prompting(None))
    own = processor.tokenizer.apply_chat_template([USER], tokenize=False, add_generation_prompt=True)
    assert rendered(tmp_path / "three", USER) == own


def test_a_language_models_template_too(tmp_path):
    processor = make_tiny_processor(TinyArchitecture(), small_texts(), "qwen3")
    with default_system_turn(processor, "Be brief."):
        save_processor(processor, tmp_path)
    assert rendered(tmp_path, USER).count("Be brief.") == 1


@pytest.mark.parametrize(
    "template",
    [
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}{{ m.content }}"
        "{% endfor %}",
        "{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}",
    ],
)
def test_a_template_without_a_system_turn_stays_as_it_is(processor, template):
    before = processor.chat_template, processor.tokenizer.chat_template
    try:
        processor.chat_template = processor.tokenizer.chat_template = template
        with default_system_turn(processor, "Be brief."):
            assert processor.chat_template == processor.tokenizer.chat_template == template
    finally:
        processor.chat_template, processor.tokenizer.chat_template = before
