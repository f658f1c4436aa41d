"""The notebook is the page, and runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from test_docs import blocks, run_command

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/embedding.md"


@pytest.fixture
def notebook():
    return json.loads((ROOT / "docs/embedding.ipynb").read_text())


def code(notebook):
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_it_has_the_programs_of_the_page(notebook):
    first, *rest = code(notebook)
    assert first.splitlines()[2].startswith('os.chdir("..")')
    expected = [
        block.text.strip() if block.language == "python" else f"!{block.text.strip()}" for block in blocks(PAGE)
    ]
    assert rest == expected


def test_it_keeps_no_outputs(notebook):
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook["cells"])


@pytest.mark.slow
def test_its_cells_run_in_their_order(notebook, tmp_path, monkeypatch):
    """As a kernel does that is started in the notebook's folder; a line after `!` is the shell's."""
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    (tmp_path / "docs").mkdir()
    monkeypatch.chdir(tmp_path)
    first, making, *programs = code(notebook)
    run_command(making.removeprefix("!"))
    program = "\n\n".join([first, *programs])
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path / "docs", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "reward/variety" in done.stdout and (tmp_path / "out/sft/logs").is_dir()
