"""Checksums of tensors: whether two sets of weights are the same to the bit."""

from collections.abc import Mapping

import torch
from jaxtyping import Shaped
from torch import Tensor

Checksums = Mapping[str, str]
"""A tensor's name to its shape, type and the sum of its bits."""

_BITS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def checksum(tensor: Shaped[Tensor, "*shape"]) -> str:
    """Return shape, type and the sum of a tensor's bits: another value gives another sum, but for coincidence.

    Example: `checksum(torch.ones(2))` is `"2 float32 7f000000"`: a float of 1 has the bits 3f800000.
    """
    bits = tensor.detach().contiguous().reshape(-1).view(_BITS[tensor.element_size()])
    total = int(bits.sum(dtype=torch.int64)) % 2**64
    return f"{'x'.join(map(str, tensor.shape))} {str(tensor.dtype).removeprefix('torch.')} {total:x}"
