"""A run that has no room is refused before it begins, with a shipped config that has."""

import re
from dataclasses import replace

import pytest
import yaml
from conftest import SMALL, small_texts
from jsonargparse import Namespace

from revisual.core.errors import UserError
from revisual.memory_plan.check import estimate_run, machine_of, require_room, shipped_configs
from revisual.memory_plan.config import configure
from revisual.memory_plan.workload import Given
from revisual.models.tiny import save_tiny_policy


@pytest.fixture
def words(tmp_path):
    """A run on GPUs, of which the policy alone is tiny, though most of it is in its blocks."""
    save_tiny_policy(tmp_path / "deep", replace(SMALL, layers=12), small_texts())
    policy = {"path": str(tmp_path / "deep"), "gradient_checkpointing": True}
    model = {"policy": {"class_path": "PretrainedPolicy", "init_args": policy}, "max_tokens_per_pass": 16384}
    data = {"max_prompt_tokens": 4096, "max_response_tokens": 12288, "train": [{"class_path": "ShapesTask"}]}
    content = {
        "trainer": {"accelerator": "gpu", "devices": 1, "max_steps": 2},
        "model": {"class_path": "SFTModule", "init_args": model},
        "data": {"class_path": "SFTDataModule", "init_args": data},
    }
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(content))
    return [f"--config={path}"]


def peak(words):
    configured = configure(words, None)
    return estimate_run(configured, machine_of(configured.config, None, None, None), Given()).peak


def card(usable):
    """The memory of a GPU of which so much can be used."""
    return int(2e9 + (usable + 1) / 0.95)


@pytest.mark.parametrize(
    ("devices", "count"), [(8, 8), ("8", 8), ([0, 2], 2), ("0,2", 2), ("2,", 1), ("auto", 1), (-1, 1), ("-1", 1)]
)
def test_devices_of_a_config(devices, count):
    trainer = Namespace(devices=devices, num_nodes=2, accelerator="gpu")
    machine = machine_of(Namespace(trainer=trainer), None, None, None)
    assert (machine.devices, machine.nodes, machine.is_gpu) == (2 * count, 2, True)


def test_a_run_that_fits_is_let_through(words, caplog):
    require_room(words, card(peak(words)))
    assert not caplog.records  # it was planned, and not let through because it could not be


def test_what_has_no_room_is_refused_in_a_line(words):
    with pytest.raises(UserError, match=r"the run does not fit: 0\.\d GB on each of 1 devices, in the ") as error:
        require_room(words, card(1000))
    assert "no shipped config over it does" in str(error.value) and "--check_memory" in str(error.value)
    assert "\n" not in str(error.value)
    require_room([*words, "--check_memory=false"], card(1000))


@pytest.mark.parametrize(("devices", "nearest"), [(8, "strategy/fsdp2.yaml"), (1, "single_gpu/{}gb_cold_start.yaml")])
def test_the_nearest_shipped_config_that_fits_is_named(devices, nearest, words):
    words = [*words, f"--trainer.devices={devices}", "--trainer.strategy=auto"]
    cards = sorted(int(re.match(r"\d+", path.name)[0]) for path in shipped_configs().glob("single_gpu/*gb_cold*"))
    nearest = shipped_configs() / nearest.format(cards[0])
    memory = card(peak([*words, f"--config={nearest}"]))
    assert memory < card(peak(words))
    with pytest.raises(UserError, match=f"with --config {nearest} it does"):
        require_room(words, memory)


def test_a_run_on_cpus_and_one_that_plan_does_not_know_are_let_through(words, caplog):
    require_room([*words, "--trainer.accelerator=cpu"], card(1000))
    assert not caplog.records
    require_room([*words, "--trainer.strategy=fsdp"], card(1000))
    (record,) = caplog.records
    assert "the run's memory was not planned: trainer.strategy: fsdp" in record.getMessage()
