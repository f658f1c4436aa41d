"""Every command and program of README.md and docs/ is run, as it stands there, from the repository's root."""

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from training.helpers import examples, fit, grpo, prompts, sft, some_samples

from revisual.callbacks import EntropyTarget, StepStats
from revisual.cli.main import main
from revisual.rl.importance import TokenImportance
from revisual.rl.losses import ClippedLoss
from revisual.rl.off_policy_mask import OffPolicyMask
from revisual.rl.schedules import Constant
from revisual.training.settings import RolloutSampling
from revisual.training.validation import MEASURES

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"(?:<!-- (parsed only: [^\n]+) -->\n)?```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FILE_NAME = re.compile(r"# ([\w-]+\.(?:yaml|py))\n")
SLOW = ("training.md", "pipeline.md", "evaluation.md", "sharding.md", "curation.md")


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    is_parsed_only: bool

    @property
    def commands(self):
        return [line for line in self.text.splitlines() if line] if self.language == "bash" else []


def blocks(page):
    return [Block(language, text, bool(mark)) for mark, language, text in BLOCK.findall(page.read_text())]


def is_of_run_py(block):
    return block.text.startswith("python3 run.py ")


def pages(is_wanted):
    marks = {name: pytest.mark.slow for name in SLOW}
    found = [page for page in PAGES if any(is_wanted(block) for block in blocks(page))]
    return [pytest.param(page, id=page.name, marks=marks.get(page.name, ())) for page in found]


def is_run(block):
    return block.language in ("bash", "python", "yaml") and not block.is_parsed_only and not is_of_run_py(block)


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A folder with the repository's configs, so that `out` and other files are left elsewhere."""
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_command(text):
    scripts = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{scripts}:{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{text}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"


@pytest.mark.parametrize("page", pages(is_run))
def test_a_page_does_what_it_says(page, checkout):
    names = {"__name__": "program"}
    for block in filter(is_run, blocks(page)):
        title = FILE_NAME.match(block.text)
        if title:
            (checkout / title[1]).write_text(block.text)
        elif block.language == "python":
            exec(compile(block.text, str(page), "exec"), names)
        elif block.language == "bash":
            run_command(block.text)
        else:
            assert yaml.safe_load(block.text)
    if page.name == "embedding.md":
        rows = (checkout / "out/grpo/logs/version_0/metrics.csv").read_text().splitlines()
        assert "reward/variety" in rows[0] and "train/loss" in rows[0]
    if page.name == "pipeline.md":
        stages = json.loads((checkout / "out/two_stages/metrics.json").read_text())["stages"]
        assert [stage["status"] for stage in stages] == ["finished", "finished"]
        assert {"before", "after", "seconds", "peak_memory_mib", "status"} <= stages[0].keys()


LARGE = [command for page in PAGES for block in blocks(page) if block.is_parsed_only for command in block.commands]


@pytest.mark.parametrize("command", LARGE)
def test_a_large_command_parses(command, capsys, monkeypatch, tmp_path):
    words = shlex.split(command.replace("DATA_FOLDER", str(tmp_path)))
    monkeypatch.chdir(ROOT)
    with pytest.raises(SystemExit) as end:
        main([*words[words.index("revisual") + 1 :], "--print_config"])
    captured = capsys.readouterr()
    assert not end.value.code, captured.err
    assert yaml.safe_load(captured.out)


def test_commands_of_run_py_are_those_that_it_has():
    found = {command for page in PAGES for block in blocks(page) if is_of_run_py(block) for command in block.commands}
    assert found == {"python3 run.py quickstart", "python3 run.py test"}


@pytest.mark.slow
def test_the_quickstart_as_it_stands(tmp_path):
    if not (ROOT / ".venv").exists():
        pytest.skip("no .venv: `python3 run.py test` makes it, which this test is to be run with")
    command = [sys.executable, "run.py", "quickstart", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert done.stdout.splitlines()[-1].endswith("report.html") and (tmp_path / "out/report.html").is_file()
    stages = json.loads((tmp_path / "out/metrics.json").read_text())["stages"]
    assert {stage["status"] for stage in stages} == {"finished"}


def test_every_block_is_of_a_known_kind():
    found = {block.language for page in PAGES for block in blocks(page)}
    assert found <= {"bash", "python", "yaml", "text"}
    fences = sum(page.read_text().count("\n```") for page in PAGES)
    assert fences == 2 * sum(len(blocks(page)) for page in PAGES)


def test_links_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert target.startswith("https://") or (page.parent / target).is_file(), f"{page.name}: {target}"


def test_configs_named_in_text_exist():
    for page in PAGES:
        for name in re.findall(r"configs/[\w./*-]+\.yaml", page.read_text()):
            assert list(ROOT.glob(name)), f"{page.name}: {name}"


def test_every_logged_name_is_explained(policy_folder, tmp_path):
    """A stage of each kind, with all terms, on a mix of samples and a device whose peak is stated."""
    measured, loss = some_samples(4), ClippedLoss(importance=TokenImportance(), off_policy_mask=OffPolicyMask())
    sampling = RolloutSampling(4, 6, informative_groups=2)
    options = {"val_check_interval": 1, "check_val_every_n_epoch": None}
    modules = grpo(policy_folder, kl_coef=Constant(0.1), loss=loss, sampling=sampling), sft(policy_folder)
    for module in modules:
        module.speed.peak = 1e12
    runs = [
        fit(modules[0], prompts(validation=measured), tmp_path / "rl", 1, [StepStats(), EntropyTarget()], **options),
        fit(modules[1], examples(validation=measured), tmp_path / "sft", 1, [StepStats()], **options),
    ]
    logged = {name for run in runs for _, row in run.log.rows for name in row} - {"epoch"}
    text = (ROOT / "docs/metrics.md").read_text()
    cells = re.findall(r"^\| (`[^|]+`) \|", text, re.MULTILINE)
    named = {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}
    measures = {name for name in logged if name.startswith("val/")}
    found = {name.rpartition("/")[2] for name in measures}
    assert found == {*MEASURES, "tokens", "loss"} and {*MEASURES, "val/loss"} <= named
    assert logged - measures - named <= {"reward/tokens", "reward/tokens_variance_share"}
    conditional = {
        "data/resting_prompts",
        "ptst/stage",
        "ptst/max_new_tokens",
        "ptst/group_size",
        "train/empty_step",
        "reward/NAME",
        "reward/NAME_variance_share",
    }
    assert {name for name in named if "/" in name} - conditional <= logged
