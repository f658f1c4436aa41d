"""What strategies that shard do with checkpoints."""

import shutil

from revisual.training.strategies import FSDP2


def test_a_removed_checkpoint_is_gone_at_once(tmp_path, monkeypatch):
    """A folder that a kill left half removed would be the newest one, and could pass for whole."""
    for name in ("step=1.ckpt", "step=2.ckpt"):
        (tmp_path / name).mkdir()
        (tmp_path / name / ".metadata").write_text("x")
    strategy = FSDP2()
    strategy.remove_checkpoint(tmp_path / "step=1.ckpt")
    assert [path.name for path in tmp_path.iterdir()] == ["step=2.ckpt"]
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)  # as far as a kill lets it come
    strategy.remove_checkpoint(tmp_path / "step=2.ckpt")
    assert [path.name for path in tmp_path.iterdir()] == [".step=2.ckpt.revisual-new"]
