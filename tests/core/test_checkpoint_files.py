"""Which checkpoint a run goes on from."""

import os

import pytest
import torch
from torch.distributed.checkpoint.state_dict_saver import save

from revisual.core.checkpoint_files import find_checkpoints, is_whole, may_go_on_from, newest_whole


def saved(path, time):
    torch.save({"a": torch.arange(1000)}, path)
    os.utime(path, (time, time))
    return path


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def empty(path):
    path.write_bytes(b"")


def zero(path):
    path.write_bytes(b"\0" * path.stat().st_size)


@pytest.mark.parametrize("spoil", [cut, empty, zero])
def test_a_broken_newest_falls_back(tmp_path, spoil):
    older, newer = saved(tmp_path / "step=1.ckpt", 1), saved(tmp_path / "step=2.ckpt", 2)
    assert find_checkpoints(tmp_path) == [newer, older]
    assert newest_whole(find_checkpoints(tmp_path)) == (newer, [])
    spoil(newer)
    os.utime(newer, (2, 2))
    assert newest_whole(find_checkpoints(tmp_path)) == (older, [newer])
    spoil(older)
    assert newest_whole(find_checkpoints(tmp_path))[0] is None


def test_a_folder_lacks_nothing(tmp_path):
    folder = tmp_path / "a.ckpt"
    save({"a": torch.arange(1000)}, checkpoint_id=folder, no_dist=True)
    assert is_whole(folder) and find_checkpoints(tmp_path) == [folder]
    (folder / ".metadata").rename(folder / "kept")
    assert not is_whole(folder)
    (folder / "kept").rename(folder / ".metadata")
    for path in folder.glob("*.distcp"):
        empty(path)
    assert not is_whole(folder)


def test_weights_alone_are_nothing_to_go_on_from(tmp_path):
    alone = saved(tmp_path / "best.ckpt", 2)
    torch.save({"a": torch.arange(1000), "lr_schedulers": []}, tmp_path / "step=1.ckpt")
    assert is_whole(alone) and not may_go_on_from(alone) and may_go_on_from(tmp_path / "step=1.ckpt")
    cut(tmp_path / "step=1.ckpt")
    assert may_go_on_from(tmp_path / "step=1.ckpt")  # it is broken, which is said elsewhere
    folder = tmp_path / "a.ckpt"
    save({"a": torch.arange(1000)}, checkpoint_id=folder, no_dist=True)
    torch.save({"lr_schedulers": []}, folder / "meta.pt")
    assert may_go_on_from(folder)
    torch.save({"epoch": 1}, folder / "meta.pt")
    assert not may_go_on_from(folder)


def test_links_to_nothing_and_what_is_half_written_are_none(tmp_path):
    (tmp_path / "last.ckpt").symlink_to("gone.ckpt")
    (tmp_path / ".step=1.ckpt.revisual-new").mkdir()
    (tmp_path / "a.ckpt").mkdir()
    (tmp_path / "a.ckpt" / "b.ckpt").write_bytes(b"")
    assert find_checkpoints(tmp_path) == [tmp_path / "a.ckpt"] and not is_whole(tmp_path / "a.ckpt")
