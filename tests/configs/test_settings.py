"""The full-size configs: their policies, without weights, and the papers' settings."""

from collections import Counter
from types import SimpleNamespace

import pytest
from training.helpers import quiet_trainer

from revisual.models.parts import part_of
from revisual.rl.filters import PrioritizedAdvantageDistillation
from revisual.rl.kl import K3
from revisual.rl.schedules import Constant
from revisual.rollout.engine import Sampling

from .published import EXPECTED, TOTAL
from .shipped import (
    CONFIGS,
    FULL,
    RL_STAGES,
    SIZES,
    STAGES,
    configs_of,
    hub_name,
)

GPUS = {size: (8, 4 if size == "32b" else 1) for size in SIZES}
"""Of a node, and nodes."""
ENGINES = {size: "VLLMServerRollout" if size == "32b" else "VLLMRollout" for size in SIZES}


def gpus(size, config):
    """The number of GPUs, after they are seen to be the size's."""
    assert (config.trainer.devices, config.trainer.num_nodes) == GPUS[size]
    return config.trainer.devices * config.trainer.num_nodes


# Full-size policies, without their weights


@pytest.fixture(scope="session")
def built(build):
    return lambda size, stage: build(size, *configs_of(size, stage))


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("size", SIZES)
def test_parameters_are_the_published_ones_and_the_right_ones_train(size, stage, built):
    _, module = built(size, stage)
    total, trained = Counter(), Counter()
    for name, parameter in module.policy.named_parameters():
        total[part_of(module.policy, name)] += parameter.numel()
        trained[part_of(module.policy, name)] += parameter.numel() * parameter.requires_grad
    assert total == EXPECTED[size] and total.total() == TOTAL[size]
    seen = EXPECTED[size] if stage == "multimodal_rl" else {"language_model": EXPECTED[size]["language_model"]}
    assert +trained == seen


@pytest.mark.parametrize("stage", STAGES)
def test_optimizer(stage, built, monkeypatch):
    config, module = built("7b", stage)
    monkeypatch.setattr(module, "_trainer", quiet_trainer(max_steps=3670, max_epochs=-1))
    made = module.configure_optimizers()
    optimizer = made["optimizer"] if stage == "cold_start" else made
    (group,) = optimizer.param_groups
    assert config.trainer.gradient_clip_val == 1.0 and config.trainer.precision == "bf16-mixed"
    if stage != "cold_start":
        assert (group["lr"], group["weight_decay"]) == (1e-6, 1e-2)
        return
    factor = made["lr_scheduler"]["scheduler"].factor
    made["lr_scheduler"]["scheduler"].total_steps = lambda: 3670
    assert group["initial_lr"] == 2e-5
    assert [round(factor(step), 3) for step in (91, 183, 184, 1927, 3670)] == [0.5, 1.0, 1.0, 0.5, 0.0]


def test_reference_of_the_text_stage_only(built):
    assert built("7b", "multimodal_rl")[1].reference.copy is None
    reference = built("7b", "text_rl")[1].reference.copy
    assert not any(parameter.requires_grad for parameter in reference.parameters())


@pytest.mark.parametrize("stage", STAGES)
def test_pictures_are_of_the_papers_sizes(stage, built):
    size = built("7b", stage)[1].encoder.processor.image_processor.size
    if stage != "cold_start":
        assert (size["shortest_edge"], size["longest_edge"]) == (262144, 4194304)


# Arithmetic of steps


@pytest.mark.parametrize("size", SIZES)
def test_cold_start_has_64_examples_per_step(size, parse):
    config = parse(*configs_of(size, "cold_start"))
    model, data = config.model.init_args, config.data.init_args
    assert data.batch_size * gpus(size, config) == 64 and model.max_tokens_per_pass == 32768
    assert config.trainer.max_epochs == 5 and config.trainer.max_steps == -1
    assert data.max_prompt_tokens + data.max_response_tokens == 32768


@pytest.mark.parametrize("stage", RL_STAGES)
@pytest.mark.parametrize("size", SIZES)
def test_rollout_steps_of_512_prompts_make_four_updates_of_128(size, stage, built):
    config, module = built(size, stage)
    model, data, trainer = config.model.init_args, config.data.init_args, config.trainer
    assert data.batch_size * gpus(size, config) == 512 and module.sampling.group_size == 8
    updates = module.updates_per_rollout
    assert updates == 512 // 128 and trainer.max_steps == 200 * updates and trainer.max_epochs == -1
    assert module.num_iterations == 1 and model.max_tokens_per_pass == data.max_prompt_tokens + 3 * 8192
    assert trainer.val_check_interval == 20 * updates and trainer.check_val_every_n_epoch is None
    (checkpoint,) = [c for c in trainer.callbacks if c.class_path.endswith("ModelCheckpoint")]
    assert checkpoint.init_args.every_n_train_steps == 5 * updates
    assert trainer.strategy == "fsdp2" and model.engine.class_path.endswith(f".{ENGINES[size]}")
    guards = {c.class_path.rpartition(".")[2] for c in trainer.callbacks}
    assert {"StopOnSignal", "Watchdog"} <= guards


@pytest.fixture
def coefficients(built, monkeypatch):
    def coefficients(stage, rollout_step):
        config, module = built("7b", stage)
        position = SimpleNamespace(
            global_step=4 * rollout_step,
            estimated_stepping_batches=config.trainer.max_steps,
        )
        monkeypatch.setattr(module, "_trainer", position)
        assert (module.rollout_step, module.rollout_steps) == (rollout_step, 200)
        return module.coefficients(module.rollout_step, module.rollout_steps)

    return coefficients


@pytest.mark.parametrize(
    ("rollout_step", "entropy"), [(0, 0.0), (139, 0.0), (140, 0.02), (141, 0.0197), (199, 0.02 * 0.985**59)]
)
def test_coefficients_of_the_text_stage(rollout_step, entropy, coefficients):
    now = coefficients("text_rl", rollout_step)
    assert now.kl == 2e-3 and now.entropy == pytest.approx(entropy, rel=1e-12)


@pytest.mark.parametrize("rollout_step", [0, 140, 199])
def test_multimodal_stage_has_neither_kl_nor_entropy_term(rollout_step, coefficients):
    now = coefficients("multimodal_rl", rollout_step)
    assert (now.kl, now.entropy) == (0.0, 0.0)


# What else the paper or its code says


@pytest.mark.parametrize("stage", RL_STAGES)
def test_settings_of_both_rl_stages(stage, built):
    config, module = built("7b", stage)
    assert module.advantage_filter == PrioritizedAdvantageDistillation(0.03, float("inf"), 0.5, 1.0, 0.3, True)
    assert (module.loss.clip_low, module.loss.clip_high, module.loss.dual_clip) == (0.2, 0.28, 3.0)
    assert module.loss.kl_estimator == K3()
    assert (module.sampling.temperature, module.sampling.top_p) == (1.0, 1.0)
    assert module.evaluation.sampling.validation == {"sampled": Sampling(temperature=0.3)}
    assert (module.sampling.max_new_tokens, config.data.init_args.max_prompt_tokens) == (8192, 8192)
    (length,) = [c for c in config.trainer.callbacks if c.class_path.endswith("LengthReward")]
    assert length.init_args.as_dict() == {"weight": 0.05, "budget": 4096, "alpha": 0.005, "delta": 0.5}
    rewards = module.evaluation.rewards
    assert {name: reward.weight for name, reward in rewards.items()} == {
        "accuracy": 0.9,
        "format": 0.1,
    }


def overlaid(parse, stage, overlay):
    return parse(FULL / f"{stage}.yaml", CONFIGS / overlay).model.init_args


@pytest.mark.parametrize("stage", RL_STAGES)
def test_released_code_draws_by_power_and_weighs_its_rewards(stage, parse):
    model = overlaid(parse, stage, f"revisual_r1/released_code/{stage}.yaml")
    assert model.advantage_filter.class_path.endswith(".PowerSampling")
    settings = model.advantage_filter.init_args
    assert (settings.t_low, settings.t_high, settings.power, settings.ratio) == (0.03, 0.97, 1.5, 1.5)
    assert {name: reward.weight for name, reward in model.rewards.items()} == {"accuracy": 0.8, "format": 0.0}


@pytest.mark.parametrize("stage", RL_STAGES)
def test_rewards_of_the_released_code_and_their_weights(stage, parse):
    rewards = overlaid(parse, stage, "rewards/released_code.yaml").rewards
    assert {
        name: (reward.function.class_path.rpartition(".")[2], reward.weight) for name, reward in rewards.items()
    } == {
        "accuracy": ("AccuracyReward", 0.8),
        "format": ("FormatReward", 0.0),
        "reflection": ("ReflectionScore", 0.05),
        "image_revisit": ("ImageRevisitScore", 0.05),
        "repetition": ("RepetitionReward", 0.05),
    }


def test_released_code_of_the_other_settings(parse):
    text = overlaid(parse, "text_rl", "revisual_r1/released_code/text_rl.yaml")
    assert text.kl_coef.class_path == f"{Constant.__module__}.Constant" and text.kl_coef.init_args.value == 1e-2
    assert text.entropy_coef.init_args.as_dict() == {"start": 0.02, "decay": 0.985, "warmup": 20, "end": 0.0}
    cold = parse(FULL / "cold_start.yaml", CONFIGS / "revisual_r1/released_code/cold_start.yaml")
    assert cold.model.init_args.optimizer.init_args.lr == 1e-5
    assert cold.data.init_args.batch_size == 4


@pytest.mark.parametrize(
    ("name", "kind", "settings"),
    [
        ("pad_paper", "PrioritizedAdvantageDistillation", {"t_low": 0.03, "t_high": 0.97, "ratio": 0.5}),
        (
            "pad_corrected",
            "PrioritizedAdvantageDistillation",
            {"t_low": 0.03, "t_high": float("inf"), "ratio": 0.5, "drop_constant_accuracy": True},
        ),
        ("power", "PowerSampling", {"t_low": 0.03, "t_high": 0.97, "power": 1.5, "ratio": 1.5}),
        ("effective_only", "EffectiveOnly", {"t_low": 0.03, "t_high": float("inf")}),
        ("random", "RandomSubsample", {"ratio": 0.5}),
        ("keep_all", "KeepAll", {}),
    ],
)
def test_filters(name, kind, settings, parse):
    model = overlaid(parse, "multimodal_rl", f"filter/{name}.yaml")
    assert model.advantage_filter.class_path.endswith(f".{kind}")
    got = model.advantage_filter.get("init_args")
    assert settings.items() <= ({} if got is None else got.as_dict()).items()


def test_nucleus_of_the_paper(parse):
    assert overlaid(parse, "text_rl", "revisual_r1/top_p_0.95.yaml").sampling.top_p == 0.95


@pytest.mark.parametrize("size", SIZES)
def test_a_stage_begins_from_what_the_one_before_exports(size, parse):
    folder = f"out/revisual_r1_{size}"
    for before, stage in zip(STAGES, RL_STAGES, strict=False):
        assert parse(*configs_of(size, before)).trainer.default_root_dir == f"{folder}/{before}"
        assert parse(*configs_of(size, stage)).model.init_args.policy.init_args.path == f"{folder}/{before}/export"
    first = parse(*configs_of(size, "cold_start")).model.init_args.policy.init_args.path
    assert first == hub_name(size)
