"""Every shipped full-size stage runs as it is given, two rollout steps on a tiny policy."""

import math

import pytest
import torch
from rollout.vllm.helpers import require_vllm

from revisual.models.policy import PretrainedPolicy

from .running import BUILT_IN, Stage, run_stage, save_data, save_policy
from .shipped import CONFIGS, FULL, FULL_SIZE, ON_ONE_GPU, QWEN3_VL, named

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    save_data(folder)
    return folder


@pytest.fixture(scope="module")
def policies(data, tmp_path_factory):
    """Of each recipe, what a cold start would have made, by recipe and family."""
    starts = {name: Stage((CONFIGS / name / "7b/cold_start.yaml",)) for name in ("revisual_r1", "vision_r1")}
    return {
        (name, family): save_policy(tmp_path_factory.mktemp(f"{name}_{family}"), data, start, family)
        for name, start in starts.items()
        for family in ("qwen2_5_vl", "qwen3_vl")
    }


def weights(folder):
    loader = PretrainedPolicy(str(folder))
    return loader.load(loader.load_processor()).state_dict()


def assert_learned(stage, policy, rows, export):
    losses = [float(row["train/loss"]) for row in rows if row.get("train/loss")]
    assert len(losses) == stage.steps and all(map(math.isfinite, losses))
    before, after = weights(policy), weights(export)
    assert before.keys() == after.keys() and any(not torch.equal(after[name], value) for name, value in before.items())


def family_of(files):
    return "qwen3_vl" if files[-1].parent.name in QWEN3_VL else "qwen2_5_vl"


def distinct(stages):
    """The stages whose runs differ: of 3B and 7B, say, nothing is left to tell them apart once both are tiny."""
    runs = {(family_of(files), Stage(files).settings(BUILT_IN)): files for files in reversed(stages)}
    return list(runs.values())[::-1]


def run(files, launcher, policies, data, folder, engine=BUILT_IN):
    """Run a stage, and return how many optimizer steps it logged and how many the stage has."""
    stage, policy = Stage(files), policies[files[0].parents[1].name, family_of(files)]
    rows, export = run_stage(stage, folder, policy, data, launcher, engine)
    assert_learned(stage, policy, rows, export)
    return sum(bool(row.get("train/loss")) for row in rows), stage.steps


@pytest.mark.parametrize("files", distinct(FULL_SIZE), ids=named)
def test_a_stage_runs_under_lightnings_launcher(files, policies, data, tmp_path):
    taken, wanted = run(files, "lightning", policies, data, tmp_path)
    assert taken == wanted >= 2


EACH_OVERLAY = list({files[-1]: files for files in ON_ONE_GPU}.values())
"""Each config of `single_gpu` over one stage."""


@pytest.mark.parametrize("files", distinct(EACH_OVERLAY), ids=named)
def test_a_stage_runs_on_one_device(files, policies, data, tmp_path):
    taken, wanted = run(files, "lightning", policies, data, tmp_path)
    assert taken == wanted >= 2


@pytest.mark.parametrize("launcher", ["torchrun", "SLURM"])
def test_a_stage_runs_under_other_launchers(launcher, policies, data, tmp_path):
    """One of each strategy that stages name, which is FSDP2 alone."""
    assert {Stage(files).get("trainer.strategy") for files in FULL_SIZE} == {"fsdp2"}
    taken, wanted = run((FULL / "multimodal_rl.yaml",), launcher, policies, data, tmp_path)
    assert taken == wanted >= 2


@pytest.mark.engine
@pytest.mark.parametrize("launcher", ["lightning", "torchrun", "SLURM"])
def test_a_stage_runs_with_the_engine_that_it_names(launcher, policies, data, tmp_path):
    """vLLM, in each of two processes."""
    require_vllm()
    taken, wanted = run((FULL / "multimodal_rl.yaml",), launcher, policies, data, tmp_path, engine={})
    assert taken == wanted >= 2
