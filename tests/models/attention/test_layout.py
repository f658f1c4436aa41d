"""The layout of packed rows."""

from unittest.mock import patch

import torch

from models.attention.imitations import like_torch_2_13
from models.test_attention import tensors
from revisual.models.attention import AttentionInputs, PackedRow, Segment
from revisual.models.attention.kernels import FusedSDPA, VarlenKernel

CPU = torch.device("cpu")


def test_masks_and_lengths_are_made_once_for_all_layers():
    row = PackedRow([Segment(5), Segment(3, 0), Segment(7, 0), Segment(4), Segment(2, 3), Segment(6)])
    query, key, value = (x.float() for x in tensors(27))
    with patch("revisual.models.attention.layout.torch.ones", wraps=torch.ones) as made:
        for _ in range(3):
            FusedSDPA()(AttentionInputs(query, key, value), row)
    assert made.call_count == 2  # behind 5 tokens, and behind 4
    first = [row.on(CPU, name) for name in ("query_ends", "key_ends", "seen")]
    assert all(a is row.on(CPU, name) for a, name in zip(first, ("query_ends", "key_ends", "seen"), strict=True))
    mask = row.mask(5, torch.float32, CPU)
    assert mask.stride(0) % 8 == 0
    expected = [[0.0 if j <= 5 + i else -torch.inf for j in range(12)] for i in range(7)]
    assert mask[:, :12].tolist() == expected


def test_a_row_without_shared_prompts_copies_no_keys():
    row = PackedRow([Segment(4), Segment(3)])
    query, key, value = tensors(7)
    with patch("torch.Tensor.index_select") as copied:
        VarlenKernel(like_torch_2_13, "a")(AttentionInputs(query, key, value), row)
    copied.assert_not_called()
