"""Checkpoints with a planted object, whose unpickling writes a file."""

import io
import pickle
from pathlib import Path

import pytest
import torch
from torch.distributed.checkpoint.default_planner import DefaultSavePlanner
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save
from torch.testing import assert_close

from revisual.core.errors import UserError
from revisual.models.checkpoints import WholeFiles, policy_weights
from revisual.models.safe_loading import SafeReader, explain_broken, plain_values_only, read_metadata
from revisual.training.strategies import FSDP2


class Planted:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (Path(self.path),))


STATE = {"state_dict": {"policy.a": torch.arange(6.0).reshape(2, 3), "policy.b": torch.ones(2, dtype=torch.bfloat16)}}


class PlantingPlanner(DefaultSavePlanner):
    """Writes byte entries as torch does, planted objects among them."""

    def __init__(self, planted):
        super().__init__()
        self.planted = planted

    def resolve_data(self, write_item):
        if write_item.index.fqn == "optimizer.rate":
            buffer = io.BytesIO()
            torch.save(self.planted, buffer)
            return buffer
        return super().resolve_data(write_item)


def sharded(folder, planted=None):
    state = STATE | {"optimizer": {"rate": 0.5}}
    save(state, checkpoint_id=folder, no_dist=True, planner=PlantingPlanner(planted) if planted else None)
    return folder


@pytest.fixture
def sign(tmp_path):
    return tmp_path / "planted ran"


def test_a_sharded_checkpoint_is_read(tmp_path):
    found = policy_weights(sharded(tmp_path / "c"))
    assert found.keys() == {"a", "b"}
    for name, value in found.items():
        assert_close(value, STATE["state_dict"][f"policy.{name}"], atol=0, rtol=0)
    assert read_metadata(tmp_path / "c").state_dict_metadata.keys() == {"optimizer.rate", *STATE_NAMES}


STATE_NAMES = {"state_dict.policy.a", "state_dict.policy.b"}


def test_metadata_with_a_planted_object_runs_nothing(tmp_path, sign):
    folder = sharded(tmp_path / "c")
    metadata = pickle.loads((folder / ".metadata").read_bytes())  # written above
    metadata.planner_data = Planted(sign)
    (folder / ".metadata").write_bytes(pickle.dumps(metadata))
    with pytest.raises(UserError, match=r"\.metadata: cannot read the checkpoint: it holds .*touch|it holds .*getattr"):
        policy_weights(folder)
    assert not sign.exists()
    pickle.loads((folder / ".metadata").read_bytes())  # the plant is one that grows
    assert sign.exists()


@pytest.mark.parametrize("content", [b"", b"garbage", pickle.dumps({"a": 1}), b"\x80\x04("])
def test_broken_metadata_is_one_line(tmp_path, content):
    folder = sharded(tmp_path / "c")
    (folder / ".metadata").write_bytes(content)
    with pytest.raises(UserError, match="cannot read the checkpoint") as caught:
        policy_weights(folder)
    assert "\n" not in str(caught.value)


def test_a_byte_entry_with_a_planted_object_runs_nothing(tmp_path, sign):
    folder = sharded(tmp_path / "c", Planted(sign))
    assert policy_weights(folder).keys() == {"a", "b"}

    def resume():
        load({"optimizer": {"rate": 0.0}}, storage_reader=SafeReader(folder), no_dist=True)

    with pytest.raises(UserError, match="only tensors and plain"), explain_broken(folder), plain_values_only():
        resume()
    assert not sign.exists()
    resume()
    assert sign.exists()


def test_a_plain_byte_entry_is_read(tmp_path):
    state = {"optimizer": {"rate": 0.0}}
    with plain_values_only():
        load(state, storage_reader=SafeReader(sharded(tmp_path / "c")), no_dist=True)
    assert state == {"optimizer": {"rate": 0.5}}


def test_a_file_with_a_planted_object_runs_nothing(tmp_path, sign):
    path = tmp_path / "c.ckpt"
    torch.save(STATE | {"planted": Planted(sign)}, path)
    for read in (policy_weights, WholeFiles().load_checkpoint):
        with pytest.raises(UserError, match="only tensors and plain values may stand in one"):
            read(path)
    assert not sign.exists()


def test_a_resume_from_sharded_metadata_with_a_planted_object_runs_nothing(tmp_path, sign):
    folder = sharded(tmp_path / "c")
    metadata = pickle.loads((folder / ".metadata").read_bytes())  # written above
    metadata.planner_data = Planted(sign)
    (folder / ".metadata").write_bytes(pickle.dumps(metadata))
    strategy = FSDP2()
    strategy.broadcast = lambda path, src=0: path  # of one process
    with pytest.raises(UserError, match="cannot read the checkpoint"):
        strategy.load_checkpoint(folder)
    assert not sign.exists()
