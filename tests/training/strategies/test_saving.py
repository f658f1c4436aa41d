"""A checkpoint that is a folder, when its writing succeeds and when it does not."""

import pytest
from lightning.pytorch.strategies import SingleDeviceStrategy

from revisual.core.errors import UserError
from revisual.training.strategies.saving import replaced_together


def write(path, content, error=None):
    with replaced_together(SingleDeviceStrategy("cpu"), path) as folder:
        folder.mkdir()
        (folder / "weights").write_text(content)
        if error:
            raise error


def test_a_finished_folder_takes_the_place_of_the_old_one(tmp_path):
    for content in ("first", "second"):
        write(tmp_path / "last.ckpt", content)
        assert (tmp_path / "last.ckpt/weights").read_text() == content
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("a writer\nbroke down")])
def test_a_failure_is_one_line_and_the_old_folder_stays(tmp_path, error):
    write(tmp_path / "last.ckpt", "first")
    with pytest.raises(
        UserError, match=r"cannot write the checkpoint .*last\.ckpt: .*; earlier ones are kept"
    ) as caught:
        write(tmp_path / "last.ckpt", "second", error)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "last.ckpt/weights").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]


def test_a_mistake_in_the_code_is_not_told_as_a_full_disk(tmp_path):
    with pytest.raises(ZeroDivisionError):
        write(tmp_path / "last.ckpt", "first", ZeroDivisionError())
    assert not (tmp_path / "last.ckpt").exists()


def test_what_a_killed_run_left_is_no_obstacle(tmp_path):
    left = tmp_path / ".last.ckpt.revisual-new"
    left.mkdir()
    (left / "half").write_text("half")
    write(tmp_path / "last.ckpt", "first")
    assert [path.name for path in (tmp_path / "last.ckpt").iterdir()] == ["weights"]
    assert not left.exists()
