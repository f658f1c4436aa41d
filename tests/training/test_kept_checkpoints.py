"""A run that was killed beside its checkpoints, and goes on, has in the end what one has that was not."""

import os
import signal
from multiprocessing import get_context

import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint

from revisual.core.checkpoint_files import find_checkpoints
from revisual.training.kept_checkpoints import REPLACED

from .helpers import examples, fit, sft, some_samples

STEPS = 4
LOGS = "logs/version_0/checkpoints"
LATEST, LAST = f"{LOGS}/epoch=1-step=4.ckpt", f"{LOGS}/last.ckpt"
WAYS = {
    "latest": ({}, {LATEST}),
    "latest and last": ({"save_last": True}, {LATEST, LAST}),
    "latest and link": ({"save_last": "link"}, {LATEST, LAST}),
    "two newest": (
        {"monitor": "step", "mode": "max", "save_top_k": 2, "save_last": True},
        {f"{LOGS}/epoch=1-step=3.ckpt", LATEST, LAST},
    ),
    "own folder": ({"dirpath": "saved", "filename": "{step}"}, {"saved/step=4.ckpt"}),
}
"""Options of `ModelCheckpoint`, and what a run leaves by them."""


class Saver(ModelCheckpoint):
    """Kills its process at one step: in the place of a removal, or once the checkpoint before `last` is written."""

    def __init__(self, step, moment, **options):
        super().__init__(every_n_train_steps=1, **options)
        self.step, self.moment = step, moment

    state_key = "Saver"

    def _die_at(self, moment, trainer):
        if self.moment == moment and trainer.global_step == self.step:
            os.kill(os.getpid(), signal.SIGKILL)

    def _remove_checkpoint(self, trainer, filepath):
        self._die_at("before removal", trainer)
        super()._remove_checkpoint(trainer, filepath)

    def _save_last_checkpoint(self, trainer, candidates):
        self._die_at("before last", trainer)
        super()._save_last_checkpoint(trainer, candidates)


def train(policy, folder, way, checkpoint=None, kill_at=0, moment="before removal"):
    options = {**WAYS[way][0]}
    if "dirpath" in options:
        options["dirpath"] = folder / options["dirpath"]
    data = examples(some_samples(4), batch_size=2)
    fit(sft(policy), data, folder, STEPS, [Saver(kill_at, moment, **options)], checkpoint, enable_checkpointing=True)


def train_killed(policy, folder, way, moment="before removal"):
    """Train in a process that is killed at its third step; return the checkpoint to go on from."""
    process = get_context("fork").Process(target=train, args=(policy, folder, way, None, 3, moment))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    return find_checkpoints(folder)[0]


def checkpoints(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*.ckpt")}


QUICK = [("two newest", "before removal"), ("latest and link", "before last")]
ALL = [(way, moment) for way in WAYS for moment in ("before removal", "before last")]


@pytest.mark.parametrize(
    ("way", "moment"), [*QUICK, *(pytest.param(*one, marks=pytest.mark.slow) for one in ALL if one not in QUICK)]
)
def test_a_killed_run_keeps_what_another_keeps(policy_folder, tmp_path, way, moment):
    newest = train_killed(policy_folder, tmp_path, way, moment)
    assert checkpoints(tmp_path) != WAYS[way][1]
    train(policy_folder, tmp_path, way, newest)
    assert checkpoints(tmp_path) == WAYS[way][1]
    assert all(path.exists() for path in tmp_path.rglob("*.ckpt"))  # links lead somewhere


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_run_keeps_what_the_table_says(policy_folder, tmp_path, way):
    train(policy_folder, tmp_path, way)
    assert checkpoints(tmp_path) == WAYS[way][1]


def test_nothing_of_others_is_removed(policy_folder, tmp_path):
    """Neither what took the old one's place, nor what a checkpoint of unknown origin names."""
    folder = tmp_path / "run"
    newest = train_killed(policy_folder, folder, "own folder")
    replaced = newest.with_name("step=2.ckpt")
    replaced.unlink()
    others = [replaced, folder / "mine.ckpt", newest.with_name("notes.txt"), tmp_path / "elsewhere.ckpt"]
    for path in others:
        path.write_text("mine")
        os.utime(path, (1, 1))
    content = torch.load(newest, weights_only=True)
    assert list(content[REPLACED]) == [replaced.name]
    modified = os.lstat(replaced).st_mtime_ns
    for name in ("notes.txt", "../mine.ckpt", str(tmp_path / "elsewhere.ckpt")):
        content[REPLACED][name] = [modified, os.lstat(newest.parent / name).st_ino]
    torch.save(content, newest)
    train(policy_folder, folder, "own folder", newest)
    assert all(path.read_text() == "mine" for path in others)
    assert checkpoints(folder) == {"mine.ckpt", "saved/step=2.ckpt", "saved/step=4.ckpt"}


def test_a_run_that_goes_back_has_a_folder_of_its_own(policy_folder, tmp_path):
    train_killed(policy_folder, tmp_path, "two newest")
    older = tmp_path / LOGS / "epoch=0-step=2.ckpt"
    before = checkpoints(tmp_path)
    train(policy_folder, tmp_path, "latest", older)
    assert before <= checkpoints(tmp_path) and len(checkpoints(tmp_path) - before) == 1
