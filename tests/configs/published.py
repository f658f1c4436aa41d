"""How many parameters the published Qwen2.5-VL and Qwen3-VL models have, part by part."""


def text_parameters(hidden, layers, key_value_heads, intermediate, vocabulary, tables):
    key_value = key_value_heads * 128
    attention = 2 * hidden**2 + hidden + 2 * (hidden * key_value + key_value)  # queries, keys and values have biases
    layer = attention + 3 * hidden * intermediate + 2 * hidden
    return layers * layer + hidden + tables * vocabulary * hidden


def vision_parameters(hidden=1280, depth=32, intermediate=3420):
    attention = 4 * (hidden**2 + hidden)
    mlp = 3 * hidden * intermediate + 2 * intermediate + hidden
    return 3 * 2 * 14 * 14 * hidden + depth * (attention + mlp + 2 * hidden)


def projector_parameters(out, hidden=4 * 1280):
    return 1280 + hidden**2 + hidden + hidden * out + out


def qwen3_text_parameters(hidden, intermediate, tables, layers=36, heads=32, key_value_heads=8, vocabulary=151936):
    attention = 2 * hidden * heads * 128 + 2 * hidden * key_value_heads * 128 + 2 * 128  # norms of queries and keys
    layer = attention + 3 * hidden * intermediate + 2 * hidden
    return layers * layer + hidden + tables * vocabulary * hidden


def qwen3_vision_parameters(hidden, depth, intermediate):
    block = 4 * (hidden**2 + hidden) + 2 * hidden * intermediate + intermediate + hidden + 4 * hidden
    return 3 * 2 * 16 * 16 * hidden + hidden + 2304 * hidden + depth * block


def qwen3_projector_parameters(hidden, out):
    """A merger for the embeddings, and three for the first layers, whose norms are behind the merging."""
    layers = (4 * hidden) ** 2 + 4 * hidden + 4 * hidden * out + out
    return 4 * layers + 2 * hidden + 3 * 2 * 4 * hidden


EXPECTED = {
    "3b": {
        "vision_tower": vision_parameters(),
        "projector": projector_parameters(2048),
        "language_model": text_parameters(2048, 36, 2, 11008, 151936, tables=1),
    },
    "7b": {
        "vision_tower": vision_parameters(),
        "projector": projector_parameters(3584),
        "language_model": text_parameters(3584, 28, 4, 18944, 152064, tables=2),
    },
    "32b": {
        "vision_tower": vision_parameters(intermediate=3456),
        "projector": projector_parameters(5120),
        "language_model": text_parameters(5120, 64, 8, 27648, 152064, tables=2),
    },
    "qwen3_vl_4b": {
        "vision_tower": qwen3_vision_parameters(1024, 24, 4096),
        "projector": qwen3_projector_parameters(1024, 2560),
        "language_model": qwen3_text_parameters(2560, 9728, tables=1),
    },
    "qwen3_vl_8b": {
        "vision_tower": qwen3_vision_parameters(1152, 27, 4304),
        "projector": qwen3_projector_parameters(1152, 4096),
        "language_model": qwen3_text_parameters(4096, 12288, tables=2),
    },
}
TOTAL = {
    "3b": 3_754_622_976,
    "7b": 8_292_166_656,
    "32b": 33_452_718_336,
    "qwen3_vl_4b": 4_437_815_808,
    "qwen3_vl_8b": 8_767_123_696,
}
"""Of the weights on the hub."""
