"""A run that hangs is ended, and says where it hung."""

import subprocess
import sys

SCRIPT = """
import sys, threading
from lightning.pytorch import Trainer
from lightning.pytorch.demos.boring_classes import BoringModel
from revisual.callbacks import Watchdog

class Hanging(BoringModel):
    def training_step(self, batch, index):
        if index == 1 and sys.argv[1] == "hang":
            watchdog.limit = 1.0  # from here on: how long the start takes does not count
            threading.Event().wait()
        return super().training_step(batch, index)

options = dict(max_steps=3, accelerator="cpu", devices=1, logger=False, enable_checkpointing=False)
watchdog = Watchdog(limit=600.0, grace=0)
Trainer(**options, enable_progress_bar=False, enable_model_summary=False, callbacks=[watchdog]).fit(Hanging())
print("finished")
"""


def run(*words):
    return subprocess.run([sys.executable, "-c", SCRIPT, *words], capture_output=True, text=True)


def test_a_run_that_hangs_is_ended_with_its_stacks():
    ended = run("hang")
    assert ended.returncode == 1 and "finished" not in ended.stdout
    assert "rank 0: no progress for" in ended.stderr and "update 1" in ended.stderr
    assert "optimizer step 1; stacks:" in ended.stderr and "in training_step" in ended.stderr


def test_a_run_that_goes_on_is_left_alone():
    ended = run("go on")
    assert ended.returncode == 0 and ended.stdout.endswith("finished\n")
