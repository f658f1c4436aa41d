"""A family's policy in two processes, of which one has pictures, and resumed; `benchmarks/families.py` has them all."""

import pytest

from models.families.helpers import tiny_folder
from models.families.runs import one_sided, resumed_gap, step_gap, two_processes

FEW = ("gemma4", "glm4v_moe", "llava_onevision")
"""The last one takes its pictures' features from a layer whose output transformers records."""


@pytest.mark.engine
@pytest.mark.parametrize("name", ["ddp", "fsdp2"])
def test_pictures_on_one_process_only(tmp_path, name):
    """Weights after a step are those of one process: the other one uses the same parameters, for nothing."""
    folders = [tiny_folder(family, tmp_path / family) for family in FEW]
    two = two_processes(folders, tmp_path / "two", name)
    for folder in folders:
        assert step_gap(folder, one_sided(folder, tmp_path / "one"), two[folder]) < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("family", ["gemma4"])
def test_a_resumed_run_is_the_unbroken_one(tmp_path, family):
    assert resumed_gap(tiny_folder(family, tmp_path / family), tmp_path) == 0.0
