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
