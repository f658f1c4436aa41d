"""Sizes of tiny policies, as most configs of transformers name them."""

from typing import Any

from revisual.models.architecture import TinyArchitecture


def text_sizes(architecture: TinyArchitecture, token_id: Any) -> dict[str, Any]:
    """Return those of a language model, and its special tokens."""
    return {
        "vocab_size": architecture.vocabulary,
        "hidden_size": architecture.hidden,
        "intermediate_size": architecture.intermediate,
        "num_hidden_layers": architecture.layers,
        "num_attention_heads": architecture.heads,
        "num_key_value_heads": architecture.key_value_heads,
        "initializer_range": architecture.initializer_range,
        "max_position_embeddings": 8192,
        "bos_token_id": token_id("<|endoftext|>"),
        "eos_token_id": token_id("<|im_end|>"),
        "pad_token_id": token_id("<|endoftext|>"),
    }


def tower_sizes(architecture: TinyArchitecture) -> dict[str, Any]:
    """Return those of a vision tower."""
    return {
        "hidden_size": architecture.vision_hidden,
        "intermediate_size": architecture.intermediate,
        "num_hidden_layers": architecture.vision_depth,
        "num_attention_heads": architecture.vision_heads,
        "initializer_range": architecture.initializer_range,
    }


def gemma_text_sizes(architecture: TinyArchitecture, token_id: Any) -> dict[str, Any]:
    """Return those of a Gemma's language model, whose layers see a window and all in turn."""
    kinds = ["sliding_attention", "full_attention"] * (architecture.layers // 2)
    return text_sizes(architecture, token_id) | {
        "head_dim": architecture.hidden // architecture.heads,
        "sliding_window": 64,
        "layer_types": kinds + ["full_attention"] * (architecture.layers % 2),
    }
