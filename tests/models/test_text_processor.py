"""A tokenizer in the place of a processor."""

import json
from dataclasses import replace

import pytest
from conftest import SMALL, small_texts
from transformers import AutoTokenizer

from revisual.core.errors import UserError
from revisual.models.policy import PretrainedPolicy
from revisual.models.text_processor import TextProcessor
from revisual.models.tiny import save_tiny_policy

TURNS = [{"role": "user", "content": [{"type": "text", "text": "What is "}, {"type": "text", "text": "2 + 3?"}]}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("llama") / "tiny"
    save_tiny_policy(made, replace(SMALL, layers=1), small_texts(), seed=3, family="llama")
    return made


@pytest.fixture
def processor(folder):
    return TextProcessor(AutoTokenizer.from_pretrained(folder))


def test_parts_of_a_turn_are_rendered_as_one_string(processor):
    joined = [{"role": "user", "content": "What is 2 + 3?"}]
    expected = processor.tokenizer.apply_chat_template(joined, tokenize=False, add_generation_prompt=True)
    assert processor.apply_chat_template(TURNS, tokenize=False, add_generation_prompt=True) == expected
    assert processor.apply_chat_template([{"role": "assistant", "content": None}], tokenize=False).count("None") == 0


def test_a_template_that_is_given_comes_before_the_tokenizers(processor):
    assert processor.apply_chat_template(TURNS, "{{ messages[0].content }}", tokenize=False) == "What is 2 + 3?"


def test_a_base_model_without_a_chat_template_is_one_line(processor):
    processor.tokenizer.chat_template = None
    with pytest.raises(UserError, match=r"no chat template .*; add a chat_template\.jinja"):
        processor.apply_chat_template(TURNS, tokenize=False)


def test_what_is_saved_is_a_stock_tokenizer(processor, tmp_path):
    processor.save_pretrained(tmp_path)
    assert not (tmp_path / "processor_config.json").exists()
    assert AutoTokenizer.from_pretrained(tmp_path)("2 + 3")["input_ids"] == processor.tokenizer("2 + 3")["input_ids"]


def test_a_tokenizer_without_padding_gets_its_end_token(folder, processor):
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k != "pad_token"}))
    tokenizer = PretrainedPolicy(str(folder)).load_processor().tokenizer
    assert tokenizer.pad_token_id == tokenizer.eos_token_id
