"""How many parameters the published Qwen2.5-VL models have, part by part."""


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
}
TOTAL = {"3b": 3_754_622_976, "7b": 8_292_166_656, "32b": 33_452_718_336}
"""Of the weights on the hub."""
