"""Writing a checkpoint: whole, or not at all and in one line."""

import pytest
import torch

from revisual.core.errors import UserError
from revisual.models.checkpoints import WholeFiles


def test_what_was_there_is_kept_where_writing_fails(tmp_path, monkeypatch):
    path, files = tmp_path / "run" / "step=1.ckpt", WholeFiles()
    files.save_checkpoint({"step": 1}, path)

    def half(checkpoint, place):
        place.write_bytes(b"half")
        raise RuntimeError("unexpected pos 64")

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(UserError, match=r"step=1\.ckpt: unexpected pos 64; earlier ones are kept"):
        files.save_checkpoint({"step": 2}, path)
    assert files.load_checkpoint(path) == {"step": 1}
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_told_in_one_line(tmp_path):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(UserError, match=r"cannot write the checkpoint .*run/grpo/step=1\.ckpt: .*Not a directory"):
        WholeFiles().save_checkpoint({}, tmp_path / "run" / "grpo" / "step=1.ckpt")
