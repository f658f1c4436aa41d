"""Output folders: what is replaced, and what is refused."""

import json
import shutil
from pathlib import Path

import pytest

from revisual.core.errors import UserError
from revisual.core.folders import MARK, claim_folder, remove_leftovers, remove_whole, replaced_folder
from revisual.core.manifest import MANIFEST


def export(folder, name="weights"):
    with replaced_folder(folder) as new:
        (new / name).write_text(name)
        (new / MANIFEST).write_text(json.dumps({name: "hash"}))


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def plant_file(folder):
    (folder / "thesis.txt").write_text("years")


def plant_folder(folder):
    (folder / "weights").mkdir(parents=True)
    (folder / "weights" / "thesis.txt").write_text("years")


def plant_beside_export(folder):
    export(folder)
    plant_file(folder)


def plant_broken_manifest(folder):
    (folder / MANIFEST).write_text('{"thesis.txt": ')


@pytest.mark.parametrize("plant", [plant_file, plant_folder, plant_beside_export, plant_broken_manifest])
def test_what_no_export_wrote_is_kept(tmp_path, plant):
    folder = tmp_path / "mine"
    folder.mkdir()
    plant(folder)
    before = contents(folder)
    with pytest.raises(UserError, match="which no export wrote") as caught:
        export(folder, "other")
    assert contents(folder) == before and before and "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_an_export_an_empty_folder_and_nothing_are_replaced(tmp_path):
    (tmp_path / "b").mkdir()
    for folder in (tmp_path / "a", tmp_path / "b"):
        export(folder)
        export(folder, "other")
        assert contents(folder).keys() == {"other", MANIFEST}


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "notes").write_text("years")
    for take in (export, claim_folder):
        with pytest.raises(UserError, match="is a file"):
            take(tmp_path / "notes")
    assert (tmp_path / "notes").read_text() == "years"


@pytest.mark.parametrize("name", [".", "", "..", "../.."])
def test_the_present_folder_is_not_replaced(tmp_path, monkeypatch, name):
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    with pytest.raises(UserError, match="the present folder or above it"):
        export(Path(name))
    assert (tmp_path / "a" / "b").is_dir()


def test_who_may_read_the_folder_may_read_its_files(tmp_path):
    with replaced_folder(tmp_path / "out") as new:
        for name, mode in (("private", 0o600), ("tool", 0o755)):
            (new / name).touch()
            (new / name).chmod(mode)
    ordinary = (tmp_path / "out").stat().st_mode & 0o666
    assert (tmp_path / "out" / "private").stat().st_mode & 0o777 == ordinary
    assert (tmp_path / "out" / "tool").stat().st_mode & 0o777 == 0o755


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to("disk")
    export(tmp_path / "out")
    export(tmp_path / "out", "other")
    assert (tmp_path / "out").is_symlink() and contents(tmp_path / "disk").keys() == {"other", MANIFEST}


def test_a_folder_is_claimed_once_and_never_from_others(tmp_path):
    claim_folder(tmp_path / "new" / "out")
    (tmp_path / "new" / "out" / "result").write_text("1")
    claim_folder(tmp_path / "new" / "out")
    assert contents(tmp_path / "new" / "out") == {MARK: b"", "result": b"1"}
    with pytest.raises(UserError, match="holds out, which this command did not write"):
        claim_folder(tmp_path / "new")
    assert not (tmp_path / "new" / MARK).exists()


def test_what_a_kill_leaves_is_removed_and_nothing_of_others(tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()
    (tmp_path / ".step=3.ckpt.revisual-new").mkdir()
    (tmp_path / ".step=3.ckpt.revisual-new" / "half").touch()
    kept = [
        ".a.part",
        ".env.new",
        ".bashrc.old",
        "a.revisual-new",
        ".revisual",
        ".revisual-new",
        ".a.12345678.part.txt",
    ]
    gone = [".last.ckpt.revisual-new", ".metrics.json.0123abcd.part"]
    for name in [*kept, *gone]:
        (logs / name).write_text("x")
    remove_leftovers(tmp_path)
    assert sorted(path.name for path in logs.iterdir()) == sorted(kept)
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]


def test_the_old_folder_comes_back_only_where_the_new_one_is_not_in_place(tmp_path):
    for folder, old in (("both.ckpt", ".both.ckpt.revisual-old"), (".new", ".alone.ckpt.revisual-old")):
        (tmp_path / folder).mkdir()
        (tmp_path / old).mkdir()
        (tmp_path / old / "old").touch()
    remove_leftovers(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".new", "alone.ckpt", "both.ckpt"]
    assert (tmp_path / "alone.ckpt" / "old").exists() and not (tmp_path / "both.ckpt" / "old").exists()


def test_a_kill_within_a_removal_leaves_nothing_under_the_name(tmp_path, monkeypatch):
    folder, left = tmp_path / "step=1.ckpt", tmp_path / ".step=1.ckpt.revisual-new"
    folder.mkdir()
    (folder / "part").touch()
    (tmp_path / "file.ckpt").touch()
    (tmp_path / "link.ckpt").symlink_to(folder)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)  # as far as a kill lets it come
        remove_whole(folder)
    assert not folder.exists() and (left / "part").exists()
    for name in ("file.ckpt", "link.ckpt"):
        remove_whole(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [left.name]
    remove_leftovers(tmp_path)
    assert not left.exists()
