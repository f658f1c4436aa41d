"""A tiny policy of the real architecture: Qwen2.5-VL from a small config, made offline."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen2_5_VLConfig
from transformers import Qwen2_5_VLForConditionalGeneration as Qwen2_5_VL
from transformers.processing_utils import ProcessorMixin

from revisual.models.processor import build_processor, save_processor

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


@dataclass(frozen=True)
class TinyArchitecture:
    """Sizes of a tiny Qwen2.5-VL. A head has at least 32 channels: vLLM's CPU kernels refuse fewer."""

    hidden: int = 128
    layers: int = 4
    heads: int = 4
    key_value_heads: int = 2
    intermediate: int = 256
    vision_hidden: int = 128
    vision_depth: int = 2
    vision_heads: int = 4
    vocabulary: int = 512
    max_pixels: int = 112 * 112
    min_pixels: int = 28 * 28
    tied: bool = True
    initializer_range: float = 0.05

    def __post_init__(self) -> None:
        if self.hidden // self.heads < 32:
            raise ValueError(f"hidden / heads is {self.hidden // self.heads}: a head needs at least 32 channels")


def tiny_tokenizer(texts: Iterable[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """Return a byte-level BPE tokenizer trained on `texts`, single digits apart, with Qwen2.5-VL's special tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=list(SPECIAL_TOKENS[3:]),
        model_max_length=8192,
        padding_side="left",
        chat_template=CHAT_TEMPLATE,
    )


def tiny_config(architecture: TinyArchitecture, token_id: Any) -> Qwen2_5_VLConfig:
    """Return the model's config; `token_id` maps a special token's text to its id."""
    a = architecture
    channels = a.hidden // a.heads
    shared = {"intermediate_size": a.intermediate, "initializer_range": a.initializer_range}
    return Qwen2_5_VLConfig(
        text_config={
            **shared,
            "vocab_size": a.vocabulary,
            "hidden_size": a.hidden,
            "num_hidden_layers": a.layers,
            "num_attention_heads": a.heads,
            "num_key_value_heads": a.key_value_heads,
            "max_position_embeddings": 8192,
            "rms_norm_eps": 1e-6,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 1e6,
                "mrope_section": [channels // 8, 3 * channels // 16, 3 * channels // 16],
            },
            "bos_token_id": token_id("<|endoftext|>"),
            "eos_token_id": token_id("<|im_end|>"),
            "pad_token_id": token_id("<|endoftext|>"),
        },
        vision_config={
            **shared,
            "depth": a.vision_depth,
            "hidden_size": a.vision_hidden,
            "num_heads": a.vision_heads,
            "out_hidden_size": a.hidden,
            "patch_size": 14,
            "spatial_merge_size": 2,
            "temporal_patch_size": 2,
            "window_size": 112,
            "fullatt_block_indexes": [a.vision_depth - 1],
            "tokens_per_second": 2,
        },
        image_token_id=token_id("<|image_pad|>"),
        video_token_id=token_id("<|video_pad|>"),
        vision_start_token_id=token_id("<|vision_start|>"),
        vision_end_token_id=token_id("<|vision_end|>"),
        tie_word_embeddings=a.tied,
    )


def make_tiny_policy(
    architecture: TinyArchitecture, texts: Iterable[str], seed: int = 0
) -> tuple[Qwen2_5_VL, ProcessorMixin]:
    """Return an untrained policy and its processor, the same for the same `texts` and `seed`."""
    tokenizer = tiny_tokenizer(texts, architecture.vocabulary)
    processor = build_processor("qwen2_5_vl", _image_processor(architecture), tokenizer, CHAT_TEMPLATE)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        policy = Qwen2_5_VL(tiny_config(architecture, tokenizer.convert_tokens_to_ids))
    generation = policy.generation_config
    generation.eos_token_id = tokenizer.convert_tokens_to_ids("<|im_end|>")
    generation.pad_token_id = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    generation.bos_token_id = None
    return policy, processor


def save_tiny_policy(folder: Path, architecture: TinyArchitecture, texts: Iterable[str], seed: int = 0) -> None:
    """Write a tiny policy as an ordinary Hugging Face folder."""
    policy, processor = make_tiny_policy(architecture, texts, seed)
    policy.save_pretrained(folder)
    save_processor(processor, folder)


def _image_processor(architecture: TinyArchitecture) -> Any:
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    return Qwen2VLImageProcessorPil(min_pixels=architecture.min_pixels, max_pixels=architecture.max_pixels)
