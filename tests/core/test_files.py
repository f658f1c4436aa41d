import os

import pytest

from revisual.core.errors import UserError
from revisual.core.files import explain_write_errors, replaced_path, write_atomically


def test_writing_replaces_the_whole_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "a" / "report.html"
    write_atomically(path, "long old text")
    write_atomically(path, "nöw")
    assert path.read_text(encoding="utf-8") == "nöw"
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]


def test_a_failed_write_keeps_the_old_file(tmp_path):
    path = tmp_path / "report.html"
    write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "\ud800")
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_a_path_is_replaced_when_all_went_well(tmp_path):
    path = tmp_path / "a" / "array.npy"
    with replaced_path(path) as part:
        part.write_bytes(b"new")
        assert not path.exists()
    with pytest.raises(ValueError), replaced_path(path) as part:
        part.write_bytes(b"half")
        raise ValueError
    assert path.read_bytes() == b"new" and [file.name for file in path.parent.iterdir()] == ["array.npy"]


def test_what_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="below: cannot be written: Not a directory"), explain_write_errors(tmp_path):
        (tmp_path / "file" / "below").write_text("x")


def test_files_and_their_folder_reach_the_disk_in_order(tmp_path, monkeypatch):
    """A file's bytes before its new name, the name before anything is said to be written."""
    import os

    from revisual.core import files

    done, fsync, replace = [], os.fsync, os.replace

    def path_of(number):
        return os.readlink(f"/proc/self/fd/{number}")

    monkeypatch.setattr(files.os, "fsync", lambda number: (done.append(path_of(number)), fsync(number)))
    monkeypatch.setattr(files.os, "replace", lambda a, b: (done.append("replace"), replace(a, b)))
    files.write_atomically(tmp_path / "a.json", "{}")
    assert done[0].startswith(str(tmp_path / ".a.json.")) and done[1:] == ["replace", str(tmp_path)]


def test_a_device_is_not_replaced_by_a_file(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(UserError, match=f"{pipe}: is no ordinary file, and is not replaced by one"):
        write_atomically(pipe, "text")
    assert pipe.is_fifo() and list(tmp_path.iterdir()) == [pipe]
