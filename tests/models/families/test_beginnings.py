"""Tokenizers that write a first token by themselves, and templates that do so too."""

import pytest
import torch
from tokenizers.processors import TemplateProcessing

from revisual.data.encoding import PromptEncoder
from revisual.models.stock_forward import stock_prompt

FIRST = "<|endoftext|>"


@pytest.mark.parametrize("in_template", [True, False])
@pytest.mark.parametrize("family", ["llama", "gemma3", "internvl", "qwen2_5_vl"])
def test_a_prompt_begins_once(made, family, in_template):
    """As by transformers: never twice; a language model's tokens are those of the template alone."""
    tiny = made(family)
    processor = tiny.loader.load_processor()
    tokenizer = processor.tokenizer
    tokenizer.bos_token = FIRST
    pairs = [(FIRST, tokenizer.bos_token_id)]
    tokenizer._tokenizer.post_processor = TemplateProcessing(single=f"{FIRST} $A", special_tokens=pairs)
    if in_template:
        for holder in {id(one): one for one in (processor, tokenizer) if one.chat_template}.values():
            holder.chat_template = "{{ bos_token }}" + holder.chat_template
    encoder = PromptEncoder(processor, None, pictures=tiny.loader.pictures())
    for made_of in tiny.prompts:
        prompt = encoder.encode(made_of.sample)
        assert torch.equal(prompt.token_ids, stock_prompt(encoder, prompt)["input_ids"][0])
        firsts = int((prompt.token_ids == tokenizer.bos_token_id).sum())
        assert firsts == (1 if in_template or tiny.has_pictures else 0)
        assert encoder.prompt_tokens(made_of.sample) == len(prompt.token_ids)
