"""A full disk below the libraries' own code is the system's error."""

import pytest
import torch
from campaign.full_disks import largest_file
from safetensors.torch import save_file

from revisual.models.writing import system_errors


def test_of_weights_and_of_a_tokenizer(processor, tmp_path):
    for write in (
        lambda: save_file({"weight": torch.zeros(10_000)}, tmp_path / "model.safetensors"),
        lambda: processor.tokenizer.backend_tokenizer.save(str(tmp_path / "tokenizer.json")),
    ):
        with pytest.raises(OSError, match="File too large"), largest_file(1000), system_errors():
            write()


def test_other_errors_stay():
    with pytest.raises(ValueError, match="no weights"), system_errors():
        raise ValueError("no weights")
