import pytest

from revisual.core.files import write_atomically


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
