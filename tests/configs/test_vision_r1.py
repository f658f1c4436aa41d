"""Vision-R1's configs: their policies, without weights, the paper's settings, and a cold start that learns."""

import csv
from collections import Counter
from statistics import fmean

import pytest
import torch
from training.helpers import quiet_trainer

from revisual.callbacks.ptst import VISION_R1 as PAPER
from revisual.callbacks.ptst import PTSTStage
from revisual.cli.main import main
from revisual.data.sample import Sample
from revisual.data.sft import response_text
from revisual.grading.grader import Grade
from revisual.models.parts import part_of
from revisual.models.policy import PretrainedPolicy
from revisual.rewards.functions import HardFormatResultReward, Response
from revisual.rl.advantages import GroupNormalized
from revisual.rl.filters import KeepAll
from revisual.rl.kl import K3
from revisual.rl.losses import Coefficients
from revisual.rollout.engine import Sampling

from .published import EXPECTED, TOTAL
from .shipped import CONFIGS, QWEN3_VL, VISION_R1, configs_of, hub_name

SIZES = ("7b", "32b", *QWEN3_VL)
STAGES = ("cold_start", "rl_ptst")


@pytest.fixture(scope="session")
def built(build):
    return lambda size, stage: build(size, *configs_of(size, stage, VISION_R1))


def gpus(config):
    return config.trainer.devices * config.trainer.num_nodes


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("size", SIZES)
def test_all_of_the_published_parameters_train(size, stage, built):
    _, module = built(size, stage)
    trained = Counter()
    for name, parameter in module.policy.named_parameters():
        trained[part_of(module.policy, name)] += parameter.numel() * parameter.requires_grad
    assert trained == EXPECTED[size] and trained.total() == TOTAL[size]


@pytest.mark.parametrize("size", SIZES)
def test_cold_start(size, built, monkeypatch):
    config, module = built(size, "cold_start")
    data, trainer = config.data.init_args, config.trainer
    assert gpus(config) * data.batch_size == 32 and trainer.max_epochs == 2
    assert data.max_prompt_tokens + data.max_response_tokens == 16384
    assert module.encoder.system_prompt is None
    monkeypatch.setattr(module, "_trainer", quiet_trainer(max_steps=12500, max_epochs=-1))
    made = module.configure_optimizers()
    (group,) = made["optimizer"].param_groups
    assert (group["initial_lr"], group["weight_decay"]) == (5e-6, 0.0)
    schedule = made["lr_scheduler"]["scheduler"]
    schedule.total_steps = lambda: 12500
    assert [round(schedule.factor(step), 2) for step in (312, 625, 12500)] == [0.5, 1.0, 0.0]


@pytest.mark.parametrize("config", [VISION_R1 / "cold_start.yaml", CONFIGS / "vision_r1/quickstart/cold_start.yaml"])
def test_the_cold_start_teaches_what_the_reward_asks_for(config, parse):
    template = parse(config, policy="start").data.init_args.response_template
    sample = Sample("one", "What is 6 * 7?", "42", solution="6 * 7 is 42")
    response = response_text(sample, template)
    assert HardFormatResultReward()([Response(response, sample)], [Grade(1.0, "42", "tag/exact")]).scores == [1.0]


@pytest.mark.parametrize("size", SIZES)
def test_rl(size, built):
    _, module = built(size, "rl_ptst")
    (term,) = module.evaluation.rewards.values()
    assert term.function == HardFormatResultReward() and term.weight == 1
    assert module.advantage_filter == KeepAll() and module.advantage == GroupNormalized()
    assert (module.loss.clip_low, module.loss.clip_high, module.loss.dual_clip) == (0.2, 0.2, None)
    assert module.loss.kl_estimator == K3()
    assert module.coefficients(0, 1) == module.coefficients(200, 300) == Coefficients(kl=1e-2)
    assert module.encoder.system_prompt is None
    reference = module.reference.copy
    assert not any(parameter.requires_grad for parameter in reference.parameters())
    assert module.evaluation.sampling.validation == {"sampled": Sampling(temperature=0.6, top_p=0.95)}


@pytest.mark.parametrize("size", SIZES)
def test_stages_of_ptst(size, built, training_parser):
    config, module = built(size, "rl_ptst")
    data, trainer = config.data.init_args, config.trainer
    (ptst,) = [c for c in training_parser.instantiate_classes(config).trainer.callbacks if hasattr(c, "stages")]
    assert ptst.stages == PAPER == (PTSTStage(4096, 16, 100), PTSTStage(8192, 8, 100), PTSTStage(16384, 4, 100))
    assert module.sampling.max_new_tokens == module.evaluation.max_new_tokens == 16384
    assert gpus(config) * data.batch_size == 128
    assert module.updates_per_rollout == 1  # the paper's steps are ours
    assert trainer.max_steps == sum(stage.steps for stage in PAPER[:2]) and trainer.max_epochs == -1
    assert {stage.group_size * stage.max_new_tokens for stage in PAPER} == {65536}
    assert trainer.val_check_interval == 20 and trainer.check_val_every_n_epoch is None


@pytest.mark.parametrize("size", SIZES)
def test_rl_begins_from_what_the_cold_start_exports(size, parse):
    cold_start, rl = (parse(*configs_of(size, stage, VISION_R1)) for stage in STAGES)
    assert cold_start.trainer.default_root_dir == f"out/vision_r1_{size}/cold_start"
    assert rl.model.init_args.policy.init_args.path == f"out/vision_r1_{size}/cold_start/export"
    assert cold_start.model.init_args.policy.init_args.path == hub_name(size)


# On a tiny policy


def test_a_multimodal_cold_start_learns_and_moves_the_vision_tower(policy_folder, tmp_path):
    quickstart = CONFIGS / "vision_r1/quickstart"
    files = [CONFIGS / "quickstart/common.yaml", quickstart / "common.yaml", quickstart / "cold_start.yaml"]
    options = {
        "trainer.default_root_dir": tmp_path,
        "trainer.max_steps": 24,
        "trainer.val_check_interval": 24,
        "model.init_args.eval_sampling.max_new_tokens": 8,
        "trainer.num_sanity_val_steps": 0,
        "trainer.enable_progress_bar": "false",
        "model.init_args.policy.init_args.path": policy_folder,
        "data.init_args.batch_size": 8,
    }
    less = tmp_path / "less.yaml"
    less.write_text("""
trainer: {callbacks: [{class_path: HFExport}]}
data:
  init_args:
    train: [{class_path: ShapesTask, init_args: {count: 64, doubt: 0.5}}]
    validation: [{class_path: ShapesTask, init_args: {count: 1, split: validation}}]
""")
    main(
        ["fit", "--model=SFTModule", "--data=SFTDataModule", *(f"--config={file}" for file in [*files, less])]
        + [f"--{name}={value}" for name, value in options.items()]
    )
    with (tmp_path / "logs/version_0/metrics.csv").open() as file:
        losses = [float(row["train/loss"]) for row in csv.DictReader(file) if row["train/loss"]]
    assert len(losses) == 24 and fmean(losses[-4:]) < 0.6 * fmean(losses[:4])
    policies = [policy_of(folder) for folder in (policy_folder, tmp_path / "export")]
    before, after = (dict(policy.named_parameters()) for policy in policies)
    moved = {part_of(policies[0], name) for name in before if not torch.equal(before[name], after[name])}
    assert moved == {"vision_tower", "projector", "language_model"}
    tower = [name for name in before if part_of(policies[0], name) == "vision_tower" and name.endswith("weight")]
    assert all(not torch.equal(before[name], after[name]) for name in tower)


def policy_of(folder):
    loader = PretrainedPolicy(str(folder))
    return loader.load(loader.load_processor())
