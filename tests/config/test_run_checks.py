"""What a run lacks or cannot have."""

import pytest
from jsonargparse import Namespace

from revisual.config.run_checks import check_run
from revisual.core.errors import UserError

TRAINER = {
    "strategy": "auto", "accelerator": "cpu", "val_check_interval": None, "devices": "auto", "max_steps": -1,
    "max_epochs": None,
}  # fmt: skip


def config(model="SFTModule", **trainer):
    return Namespace(
        model=Namespace(class_path=model), data=Namespace(class_path="D"), trainer=Namespace(**TRAINER | trainer)
    )


@pytest.mark.parametrize("trainer", [
    {}, {"strategy": "ddp"}, {"accelerator": "gpu"}, {"devices": -1}, {"devices": "2"}, {"devices": [0, 1]},
    {"val_check_interval": 5}, {"val_check_interval": 0.25}, {"val_check_interval": "00:01:00:00"},
    {"strategy": Namespace(class_path="FSDP2Strategy")},
])  # fmt: skip
def test_what_lightning_knows_may_be_had(trainer):
    given, before = config(**trainer), config(**trainer)
    check_run(given)
    assert given == before
    with pytest.raises(UserError, match="max_steps: 0 trains nothing"):  # it looks at the rest of such a run, too
        check_run(config(**trainer, max_steps=0))


@pytest.mark.parametrize(("trainer", "told"), [
    ({"strategy": "dpp"}, "trainer.strategy: unknown strategy 'dpp'; did you mean ddp?"),
    ({"strategy": None}, "trainer.strategy: expected a name, got null"),
    ({"accelerator": "abacus"}, "trainer.accelerator: unknown accelerator 'abacus'"),
    ({"max_steps": 0}, "trainer.max_steps: 0 trains nothing"),
    ({"max_epochs": 0}, "trainer.max_epochs: 0 trains nothing"),
    ({"devices": 0}, "trainer.devices: expected a number of devices, -1 for all, auto or a list, got 0"),
    ({"devices": "-2"}, "got -2"),
    ({"val_check_interval": 0}, "'DD:HH:MM:SS', got 0"),
    ({"val_check_interval": 1.5}, "got 1.5"),
    ({"val_check_interval": "an hour"}, "got 'an hour'"),
])  # fmt: skip
def test_what_cannot_be_had_is_one_line(trainer, told):
    with pytest.raises(UserError) as error:
        check_run(config(**trainer))
    assert told in str(error.value)


def test_module_and_data_need_a_class():
    with pytest.raises(UserError, match="model: no class is named"):
        check_run(config(model=None))
