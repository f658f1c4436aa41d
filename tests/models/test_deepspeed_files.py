"""Checkpoints in DeepSpeed's layout, one with a planted object whose unpickling writes a file."""

import sys
from dataclasses import dataclass
from enum import IntEnum
from importlib.util import find_spec
from types import ModuleType

import pytest
import torch

from models.test_safe_loading import Planted
from revisual.core.errors import UserError
from revisual.models.checkpoints import policy_weights
from revisual.models.deepspeed_files import RECORDS, require_plain
from revisual.training.strategies.deepspeed import DeepSpeed

OPTIMIZER, MODEL = "zero_pp_rank_0_mp_rank_00_optim_states.pt", "mp_rank_00_model_states.pt"
FILES = {
    OPTIMIZER: {"optimizer_state_dict": {"zero_stage": 2, "partition_count": 1}},
    MODEL: {
        "module": {"policy.a": torch.ones(2)},
        "buffer_names": [],
        "param_shapes": [],
        "shared_params": {},
        "ds_version": "0.19",
    },
}
has_deepspeed = pytest.mark.skipif(find_spec("deepspeed") is None, reason="deepspeed is not installed")


@pytest.fixture
def sign(tmp_path):
    return tmp_path / "planted ran"


def folder_of(folder, planted=None, where=""):
    """A checkpoint, with an object in one of its files."""
    (folder / "checkpoint").mkdir(parents=True)
    (folder / "latest").write_text("checkpoint")
    for name, content in FILES.items():
        torch.save(content | ({"planted": planted} if name == where else {}), folder / "checkpoint" / name)
    return folder


def resume(folder):
    """What a run that goes on from the folder calls, which refuses before it asks DeepSpeed for anything."""
    DeepSpeed.load_checkpoint(object.__new__(DeepSpeed), folder)


@pytest.mark.parametrize("read", [policy_weights, resume, require_plain])
@pytest.mark.parametrize("where", FILES)
def test_a_planted_object_does_not_run(tmp_path, sign, where, read):
    file = folder_of(tmp_path / "c", Planted(sign), where) / "checkpoint" / where
    with pytest.raises(UserError) as caught:
        read(tmp_path / "c")
    told = str(caught.value)
    assert told.startswith(f"{file}: cannot read the checkpoint: it holds ") and "\n" not in told
    assert told.endswith(", and only tensors and plain values may stand in one")
    assert not sign.exists()
    torch.load(file, weights_only=False)  # the plant is one that grows
    assert sign.exists()


@pytest.fixture
def records(monkeypatch):
    """DeepSpeed's records, by their names: plain classes, a data class and an enumeration, as there."""

    class LossScaler:
        def __init__(self):
            self.cur_scale = 1.0

    class DynamicLossScaler(LossScaler):
        pass

    class ZeroStageEnum(IntEnum):
        weights = 3

    @dataclass
    class fragment_address:
        numel: int
        start: int

    made = [LossScaler, DynamicLossScaler, ZeroStageEnum, fragment_address]
    for (module, name), record in zip(RECORDS, made, strict=True):
        assert record.__name__ == name
        record.__module__, record.__qualname__ = module, name
        parts = module.split(".")
        for end in range(1, len(parts) + 1):
            above = ".".join(parts[:end])
            monkeypatch.setitem(sys.modules, above, sys.modules.get(above) or ModuleType(above))
        monkeypatch.setattr(sys.modules[module], name, record, raising=False)
    return {"scaler": LossScaler(), "dynamic": DynamicLossScaler(), "stage": ZeroStageEnum.weights,
            "places": [fragment_address(4, 0)]}  # fmt: skip


@pytest.mark.parametrize("where", FILES)
def test_records_of_deepspeed_may_stand_in_one(tmp_path, records, where):
    folder = folder_of(tmp_path / "c", records, where)
    found = torch.load(folder / "checkpoint" / where, weights_only=False)["planted"]
    assert found["places"] == records["places"]
    require_plain(folder)


@pytest.mark.parametrize("tag", ["../elsewhere", "", "global_step1", "checkpoint/../../other"])
def test_what_lies_elsewhere_is_not_read(tmp_path, sign, tag):
    folder = folder_of(tmp_path / "c")
    folder_of(tmp_path / "elsewhere", Planted(sign), MODEL)
    (folder / "latest").write_text(tag)
    for read in (policy_weights, resume):
        with pytest.raises(UserError, match=r"latest: names .* and a run's checkpoint lies in 'checkpoint'"):
            read(folder)
    assert not sign.exists()


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04" + b"\0" * 100])
def test_a_broken_file_is_one_line(tmp_path, content):
    folder = folder_of(tmp_path / "c")
    (folder / "checkpoint" / MODEL).write_bytes(content)
    with pytest.raises(UserError, match=rf"checkpoint/{MODEL}: cannot read the checkpoint: ") as caught:
        policy_weights(folder)
    assert "\n" not in str(caught.value)


@has_deepspeed
@pytest.mark.engine
@pytest.mark.parametrize("where", FILES)
def test_deepspeeds_own_readers_run_no_planted_object(tmp_path, sign, where, monkeypatch):
    """Also if they are handed a file that was not looked at before."""
    monkeypatch.setattr("revisual.models.deepspeed_files.require_plain", lambda folder: None)
    with pytest.raises(UserError, match="only tensors and plain values may stand in one"):
        policy_weights(folder_of(tmp_path / "c", Planted(sign), where))
    assert not sign.exists()
