"""The walks of docs/architecture.md, gone in a run: its files and names are come by in their order."""

import re
import sys
from pathlib import Path

import torch
import yaml
from conftest import picture
from training.helpers import fit, grpo, prompts

from revisual.config.training_cli import TrainingCLI, make_cli
from revisual.data.prompts import PromptDataModule
from revisual.data.readers.jsonl import JSONLReader
from revisual.rl.batch import RolloutBatch
from revisual.rl.filters import Candidates, PrioritizedAdvantageDistillation
from revisual.training.update import MicroBatch, Pass, Update

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/architecture.md").read_text()
STEP = re.compile(r"^\d+\. `([\w/]+\.py)`: .*?`(?:\w+\.)*(\w+)", re.MULTILINE)
PASSED_ON = ("rl/batch.py", "rl/filters/", "rl/selection_stats.py", "training/policy_module.py", "training/scoring.py",
             "rl/losses/")  # fmt: skip
"""What hands advantages on without a step of the walk: the batch, parts of a filter and of a loss, the passes' loop."""


def walk(title):
    """The files and names of a section's numbered steps."""
    section = PAGE.partition(f"### {title}\n")[2].partition("\n#")[0]
    return STEP.findall(section)


class Footprints:
    """The project's functions that a block calls, by file and qualified name, and whether they got advantages."""

    def __init__(self):
        self.calls = []

    def __enter__(self):
        sys.settrace(self._note)
        return self

    def __exit__(self, *_):
        sys.settrace(None)

    def _note(self, frame, event, arg):
        path, inside, file = frame.f_code.co_filename.partition(f"{ROOT}/revisual/")
        if inside and not path:
            given = frame.f_locals
            self.calls.append((file, frame.f_code.co_qualname, "advantages" in given or carries(given.values())))

    def place(self, file, name, start=0):
        """The place of the first call of a function, or of a class's method, from a place on."""
        for number, (where, what, _) in enumerate(self.calls[start:], start=start):
            if where == file and name in what.split("."):
                return number
        raise AssertionError(f"{file}: {name} was not called behind call {start}")


def carries(values):
    """Whether advantages are among the values, in whatever they travel in."""
    for value in values:
        if isinstance(value, Candidates) or (isinstance(value, RolloutBatch) and value.advantages is not None):
            return True
        inner = {MicroBatch: "rows", Pass: "rows", Update: "passes"}.get(type(value))
        nested = [getattr(value, inner)] if inner else value if isinstance(value, (list, tuple)) else ()
        if carries(nested):
            return True
    return False


def assert_in_order(steps, footprints):
    place = 0
    for file, name in steps:
        place = footprints.place(file, name, place)


def test_an_advantage_goes_from_reward_to_loss(policy_folder, tmp_path):
    steps = walk("An advantage, from reward to loss")
    module = grpo(policy_folder, advantage_filter=PrioritizedAdvantageDistillation())
    with Footprints() as footprints:
        fit(module, prompts(), tmp_path, 1)
    assert len(steps) == 8
    assert_in_order(steps, footprints)
    others = {file for file, _, has_them in footprints.calls if has_them} - {file for file, _ in steps}
    assert not {file for file in others if not file.startswith(PASSED_ON)}


def test_a_picture_goes_from_file_to_vision_tower(policy_folder, tmp_path):
    picture(60, 60).save(tmp_path / "a.png")
    (tmp_path / "rows.jsonl").write_text('{"id": "1", "question": "Which?", "answer": "a", "images": ["a.png"]}\n')
    data = PromptDataModule([JSONLReader("rows.jsonl")], root=tmp_path, batch_size=1)
    with Footprints() as footprints:
        fit(grpo(policy_folder), data, tmp_path, 1)
    steps = walk("A picture, from file to vision tower")
    assert len(steps) == 5
    assert_in_order(steps, footprints)
    of_the_step = footprints.calls[footprints.place("training/grpo.py", "prepare_updates") :]
    assert sum(name == "PromptEncoder._patches_of" for _, name, _ in of_the_step) == 1
    assert sum(name == "ImageSource.load" for _, name, _ in of_the_step) == 0


def test_a_config_value_comes_to_the_optimizer(policy_folder, tmp_path):
    steps = walk("A config value, to the optimizer")
    policy = {"class_path": "PretrainedPolicy", "init_args": {"path": str(policy_folder)}}
    optimizer = {"class_path": "torch.optim.SGD", "init_args": {"lr": 0.125}}
    options = {"policy": policy, "optimizer": optimizer, "sampling": {"group_size": 2, "max_new_tokens": 3}}
    content = {"model": {"class_path": "GRPOModule", "init_args": options}}
    reader = {"class_path": "ArithmeticTask", "init_args": {"count": 1}}
    content["data"] = {"class_path": "PromptDataModule", "init_args": {"train": [reader], "batch_size": 1}}
    quiet = dict.fromkeys(("logger", "enable_progress_bar", "enable_checkpointing", "enable_model_summary"), False)
    content["trainer"] = {"max_steps": 1, "accelerator": "cpu", "default_root_dir": str(tmp_path), **quiet}
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(content))
    with Footprints() as footprints:
        cli = make_cli(["fit", f"--config={tmp_path / 'run.yaml'}"], TrainingCLI)
    assert len(steps) == 3
    assert_in_order(steps, footprints)
    (made,) = cli.trainer.optimizers
    assert type(made) is torch.optim.SGD and made.param_groups[0]["lr"] == 0.125
