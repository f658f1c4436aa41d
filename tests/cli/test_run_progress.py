"""What a run says of how far it is."""

import re

import pytest
from training.helpers import examples, grpo, prompts, quiet_trainer, sft, some_samples

from cli.test_fit import Bench
from revisual.cli.progress import TerminalProgress
from revisual.cli.run_progress import RunProgress, in_words
from revisual.core.progress import Progress, Task


class Kept(Progress):
    """Keeps what it is told."""

    def __init__(self):
        self.told, self.open = [], 0

    def say(self, text):
        self.told.append(text)

    def start(self, name, total):
        kept = self
        self.open += 1

        class Kind(Task):
            def show(self, state):
                kept.told.append(f"{self.name} {self.done}/{self.total}: {state}")

        return Kind(name, total)

    def end(self, task):
        self.open -= 1


def run(module, data, monkeypatch, command="fit", **options):
    kept = Kept()
    monkeypatch.setattr("revisual.cli.run_progress.TerminalProgress", lambda: kept)
    trainer = quiet_trainer(callbacks=[RunProgress()], enable_progress_bar=True, **options)
    getattr(trainer, command)(module, data)
    assert not kept.open
    return kept.told


def test_rollouts_and_updates_are_counted(policy_folder, monkeypatch):
    module = grpo(policy_folder, updates_per_rollout=2)
    told = run(module, prompts(some_samples(8), batch_size=4), monkeypatch, max_steps=4, max_epochs=-1)
    number = r"-?[\d.e-]+"
    for step, (rollout, line) in enumerate(zip((1, 1, 2, 2), told, strict=True), start=1):
        start = f"optimizer steps {step}/4: rollout {rollout}/2"
        assert re.fullmatch(rf"{start}, loss {number}, reward {number}{', .+ s left' * (step < 4)}", line), line


def test_measurements_are_counted(policy_folder, monkeypatch):
    data = examples(validation=some_samples(4), evaluation_batch_size=2)
    told = run(sft(policy_folder), data, monkeypatch, max_steps=1, max_epochs=-1, num_sanity_val_steps=-1,
               val_check_interval=1, check_val_every_n_epoch=None)  # fmt: skip
    assert told[:2] == ["measuring before step 1 1/2: ", "measuring before step 1 2/2: "]
    assert told[2].startswith("optimizer steps 1/1: loss ") and told[3:] == ["measuring 1/2: ", "measuring 2/2: "]


def test_a_fault_ends_the_bars(policy_folder, monkeypatch):
    module = sft(policy_folder)
    monkeypatch.setattr(module, "prepare_updates", lambda batch: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(module, examples(), monkeypatch, max_steps=1, max_epochs=-1)


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (3725, "1 h 2 min")])
def test_times(seconds, words):
    assert in_words(seconds) == words


def test_without_a_terminal_lines_are_written(tmp_path, policy_folder, capsys, monkeypatch):
    monkeypatch.setattr("revisual.cli.run_progress.TerminalProgress", lambda: TerminalProgress(seconds=0.0))
    bench = Bench(tmp_path, policy_folder)
    assert bench.run("fit", enable_progress_bar=True, max_steps=3) == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("optimizer steps")]
    assert [line.split(",")[0] for line in lines][:3] == [f"optimizer steps: {step}/3" for step in (1, 2, 3)]
    assert all("s left" in line for line in lines[:2])
