"""A tiny policy of a real architecture, from a small config of its class, made offline."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast
from transformers.processing_utils import ProcessorMixin

from revisual.models.architecture import TinyArchitecture
from revisual.models.families import family_named
from revisual.models.processor import save_processor

__all__ = ["CHAT_WORDS", "TinyArchitecture", "make_tiny_policy", "make_tiny_processor", "save_tiny_policy"]

QWEN = "qwen2_5_vl"
"""The family of a tiny policy where none is named."""

SPECIAL_TOKENS = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
    "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
    "<|image_pad|>", "<|video_pad|>",
)  # fmt: skip

# Qwen2.5-VL's conversation format: a default system turn, and one placeholder per picture.
CHAT_TEMPLATE = """\
{%- for message in messages -%}
{%- if loop.first and message['role'] != 'system' -%}
{{ '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}
{%- endif -%}
{{ '<|im_start|>' + message['role'] + '\\n' }}
{%- if message['content'] is string -%}
{{ message['content'] }}
{%- else -%}
{%- for part in message['content'] -%}
{%- if part['type'] == 'image' or 'image' in part or 'image_url' in part -%}
{{ '<|vision_start|><|image_pad|><|vision_end|>' }}
{%- elif part['type'] == 'video' or 'video' in part -%}
{{ '<|vision_start|><|video_pad|><|vision_end|>' }}
{%- elif 'text' in part -%}
{{ part['text'] }}
{%- endif -%}
{%- endfor -%}
{%- endif -%}
{{ '<|im_end|>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}
"""

CHAT_WORDS = "system\nYou are a helpful assistant.\nuser\nassistant\n"
"""What the template writes into every prompt, for the texts that a tokenizer is trained on."""


def tiny_tokenizer(
    texts: Iterable[str], vocabulary: int, named: Mapping[str, str] | None = None
) -> PreTrainedTokenizerFast:
    """Return a byte-level BPE tokenizer trained on `texts`, single digits apart, with Qwen2.5-VL's special tokens.

    Args:
        texts: to train on.
        vocabulary: most tokens.
        named: more special tokens, by the names that a processor knows them by.
    """
    special = list(dict.fromkeys([*SPECIAL_TOKENS, *(named or {}).values()]))
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=special[3:],
        model_max_length=8192,
        padding_side="left",
        chat_template=CHAT_TEMPLATE,
        **({"model_specific_special_tokens": dict(named)} if named else {}),
    )


def make_tiny_policy(
    architecture: TinyArchitecture, texts: Iterable[str], seed: int = 0, family: str = QWEN
) -> tuple[Any, ProcessorMixin]:
    """Return an untrained policy and its processor, the same for the same `texts` and `seed`.

    Args:
        architecture: the model's sizes.
        texts: what the tokenizer is trained on.
        seed: of the weights.
        family: the model's `model_type`, of `revisual.models.families`.

    Raises:
        UserError: there is no such family.
    """
    known = family_named(family)
    processor: Any = make_tiny_processor(architecture, texts, family)
    tokenizer = processor.tokenizer
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        config = known.tiny_config(architecture, family, tokenizer.convert_tokens_to_ids)
        policy = known.auto_class().from_config(config)
        draw_zero_matrices(policy, architecture.initializer_range)
    generation = policy.generation_config
    generation.eos_token_id = tokenizer.convert_tokens_to_ids("<|im_end|>")
    generation.pad_token_id = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    generation.bos_token_id = None
    return policy, processor


@torch.no_grad()
def draw_zero_matrices(policy: Any, scale: float) -> None:
    """Draw matrices that a model starts with zeros in, as Gemma 3's projector, behind which all pictures are alike."""
    for parameter in policy.parameters():
        if parameter.ndim > 1 and not parameter.any():
            parameter.normal_(0.0, scale)


def make_tiny_processor(architecture: TinyArchitecture, texts: Iterable[str], family: str = QWEN) -> ProcessorMixin:
    """Return the processor of a tiny policy of a family."""
    known = family_named(family)
    tokenizer = tiny_tokenizer(texts, architecture.vocabulary, known.tiny_tokens)
    return known.tiny_processor(architecture, family, tokenizer, CHAT_TEMPLATE)


def save_tiny_policy(
    folder: Path, architecture: TinyArchitecture, texts: Iterable[str], seed: int = 0, family: str = QWEN
) -> None:
    """Write a tiny policy as an ordinary Hugging Face folder."""
    policy, processor = make_tiny_policy(architecture, texts, seed, family)
    policy.save_pretrained(folder)
    save_processor(processor, folder)
