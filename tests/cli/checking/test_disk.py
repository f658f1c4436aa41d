"""What a run will write."""

import pytest
from jsonargparse import Namespace

from revisual.cli.checking.disk import Written, find_written
from revisual.core.errors import UserError


def part(name, **options):
    return Namespace(class_path=f"some.package.{name}", init_args=Namespace(**options))


def test_checkpoints_hold_weights_and_two_moments():
    checkpoints = part("ModelCheckpoint", save_top_k=2, save_last=True)
    callbacks = [part("HFExport", folder="out"), checkpoints, part("Watchdog")]
    trainer = Namespace(callbacks=callbacks, logger=part("CSVLogger"), default_root_dir="run")
    written = find_written(trainer, stored=1000, trained=300)
    assert written.needed == 1000 + 3 * (1000 + 2 * 4 * 300)
    assert list(written.names) == ["out", "checkpoints (3 at a time)", "logs (CSVLogger)"]
    assert list(written.others) == ["Watchdog"]


def test_a_model_that_is_not_known_needs_no_room():
    trainer = Namespace(callbacks=part("ModelCheckpoint"), logger=True, default_root_dir=None)
    assert find_written(trainer, stored=0, trained=0).needed == 0


def test_a_disk_without_room_is_told_before_the_run(tmp_path):
    folder = tmp_path / "not" / "there" / "yet"
    (line,) = Written(folder, ["export"], needed=1_000_000).check()
    assert line.startswith(f"writes into {folder}: export; needs 1.0 MB, ")
    assert Written(folder, [], ["Watchdog"]).check() == [f"writes into {folder}: nothing", "callbacks: Watchdog"]
    with pytest.raises(UserError, match=r"need 1,000,000,000\.0 GB, and "):
        Written(folder, ["export"], needed=10**18).check()
