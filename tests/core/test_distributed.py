"""Collectives of one process, and of two."""

import math

import pytest
import torch.multiprocessing as multiprocessing

from revisual.core.distributed import (
    all_gather_objects,
    all_max,
    all_mean,
    all_sum,
    get_rank,
    is_distributed,
    place_on_node,
)


def test_one_process():
    assert not is_distributed() and get_rank() == 0
    assert all_gather_objects({"a": 1}) == [{"a": 1}]
    assert all_mean({"a": 2.0}) == all_sum({"a": 2.0}) == all_max({"a": 2.0}) == {"a": 2.0}


@pytest.mark.parametrize(
    ("variables", "place"), [({}, 0), ({"LOCAL_RANK": "3"}, 3), ({"SLURM_LOCALID": "2", "SLURM_PROCID": "10"}, 2)]
)
def test_the_place_on_a_node_is_its_launchers(monkeypatch, variables, place):
    for name in ("LOCAL_RANK", "SLURM_LOCALID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert place_on_node() == place


def work(rank, address, results):
    import torch.distributed

    torch.distributed.init_process_group("gloo", init_method=f"file://{address}", rank=rank, world_size=2)
    own = {"a": float(rank), "b": math.nan if rank else 1.0}
    results[rank] = (get_rank(), all_gather_objects(rank), all_mean({"a": own["a"]}), all_sum(own)["a"], all_max(own))
    torch.distributed.destroy_process_group()


@pytest.mark.engine
def test_two_processes(tmp_path):
    with multiprocessing.Manager() as manager:
        results = manager.dict()
        multiprocessing.spawn(work, (tmp_path / "address", results), nprocs=2)
        for rank in range(2):
            own, gathered, mean, total, largest = results[rank]
            assert own == rank and gathered == [0, 1] and mean == {"a": 0.5} and total == 1.0
            assert largest["a"] == 1.0 and math.isnan(largest["b"])
