"""What can be said of containers where none can be built."""

import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
INSTALL = "pip install -c constraints.txt -e ."


def test_the_image_is_pinned_and_installs_as_the_readme_does():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    (base,) = [line for line in lines if line.startswith("FROM ")]
    assert re.fullmatch(r"FROM nvidia/cuda:\d+\.\d+\.\d+-base-ubuntu\d+\.\d+", base)
    assert f"`{INSTALL}`" in (ROOT / "README.md").read_text() and f"RUN {INSTALL}" in lines
    assert lines.index("COPY . .") < lines.index(f"RUN {INSTALL}")


def test_the_image_takes_no_environment_and_no_results():
    ignored = set((ROOT / ".dockerignore").read_text().split())
    assert {".git", ".venv*", "out"} <= ignored


def test_the_dev_container_is_the_image_with_what_tests_need():
    made = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    assert (ROOT / ".devcontainer" / made["build"]["dockerfile"]).resolve() == ROOT / "Dockerfile"
    extras = re.fullmatch(rf"{re.escape(INSTALL[:-1])}'\.\[(.*)\]'", made["postCreateCommand"])[1].split(",")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(extras) <= set(project["optional-dependencies"])
