"""A tiny policy of each family, and the stock model's forward over one row at a time."""

from dataclasses import replace

import pytest
import torch
from conftest import SMALL, small_texts
from torch.nn.functional import pad
from transformers import AutoModelForCausalLM, AutoModelForImageTextToText

from revisual.data.encoding import PromptEncoder
from revisual.models.policy import PretrainedPolicy
from revisual.models.stock_forward import stock_prompt
from revisual.models.tiny import save_tiny_policy

WITH_PICTURES = (
    "qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_vl_moe", "qwen3_5", "qwen3_5_moe",
    "internvl", "gemma3", "glm4v", "glm46v", "llava_onevision", "idefics3", "gemma4", "glm4v_moe", "smolvlm",
)  # fmt: skip
TEXT_ONLY = ("qwen2", "qwen3", "llama", "mistral", "gemma3_text")
PADDED = ("qwen3_5", "qwen3_5_moe", "gemma3", "gemma4", "mistral", "gemma3_text")
"""Layers that keep a state, pictures whose tokens see each other, a sliding window."""
ALL = (*WITH_PICTURES, *TEXT_ONLY)
PACKED = tuple(family for family in ALL if family not in PADDED)
AT_LEISURE = ("gemma4", "glm4v_moe", "smolvlm")
"""Of families much like others: their forwards are tested with the rest, whole runs among the slow tests."""
LENGTHS = [5, 1, 7, 2, 3, 4, 6]
OWNERS = [0, 0, 1, 2, 2, 4, 1]


def some_at_leisure(families):
    """Parameters of a test of whole runs."""
    return [pytest.param(one, marks=[pytest.mark.slow] * (one in AT_LEISURE)) for one in families]


def tiny_folder(family, folder, **sizes):
    save_tiny_policy(folder, replace(SMALL, **sizes), small_texts(), seed=3, family=family)
    return folder


class Made:
    """A family's tiny folder, and what is loaded from it."""

    def __init__(self, folder, samples):
        self.folder, self.loader = folder, PretrainedPolicy(str(folder))
        processor = self.loader.load_processor()
        self.encoder = PromptEncoder(processor, system_prompt=None, pictures=self.loader.pictures())
        self.has_pictures = hasattr(processor, "image_processor")
        if not self.has_pictures:
            samples = [replace(sample, images=[]) for sample in samples]
        self.prompts = [self.encoder.encode(sample) for sample in samples]

    def policy(self, **options):
        return PretrainedPolicy(str(self.folder), **options).load(self.encoder.processor)

    def stock(self):
        """What transformers makes of the folder; its table of embeddings has room for the added tokens."""
        auto_class = AutoModelForImageTextToText if self.has_pictures else AutoModelForCausalLM
        return auto_class.from_pretrained(self.folder, attn_implementation="eager")


def stock_logprobs(model, made, prompt, tokens, temperature=1.0, banned=()):
    """Log-probs of a completion's tokens, by the stock forward over prompt and completion alone."""
    given = stock_prompt(made.encoder, prompt)
    for name in [name for name in given if name.endswith("token_type_ids")]:
        given[name] = pad(given[name], (0, len(tokens)))
    given["attention_mask"] = pad(given["attention_mask"], (0, len(tokens)), value=1)
    given["input_ids"] = torch.cat([given["input_ids"], tokens[None]], 1)
    logits = model(**given, use_cache=False).logits[0, len(prompt.token_ids) - 1 : -1] / temperature
    if len(banned):
        logits = logits.index_fill(-1, banned, -1e30)
    return logits.log_softmax(-1).gather(-1, tokens[:, None])[:, 0]


def completions():
    generator = torch.Generator().manual_seed(0)
    token_ids = torch.randint(20, 300, (len(LENGTHS), max(LENGTHS)), generator=generator)
    return token_ids, torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]
