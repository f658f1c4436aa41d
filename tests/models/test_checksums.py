"""Checksums of tensors."""

import struct

import pytest
import torch

from revisual.models.checksums import checksum


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.float64, torch.bfloat16])
def test_a_checksum_is_the_sum_of_bits(dtype):
    values = torch.tensor([[1.0, -2.5, 0.0], [3.0, 1e-3, -1e4]], dtype=dtype)
    kind = {2: "h", 4: "i", 8: "q"}[values.element_size()]
    raw = values.view(torch.uint8).numpy().tobytes()
    total = sum(struct.unpack(f"<6{kind}", raw)) % 2**64
    assert checksum(values) == f"2x3 {str(dtype)[6:]} {total:x}"


def test_checksums_tell_tensors_apart():
    weight = torch.randn(5, 7, generator=torch.Generator().manual_seed(0))
    changed = weight.clone()
    changed[3, 2] += 1e-7
    found = {checksum(w) for w in (weight, changed, -weight, weight.bfloat16(), weight.reshape(7, 5))}
    assert len(found) == 5 and checksum(weight.mT.contiguous().mT) == checksum(weight)
