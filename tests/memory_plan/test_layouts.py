"""Bytes on a device under each strategy, worked out by hand for a small number of parameters."""

import pytest
from jsonargparse import Namespace

from revisual.core.errors import UserError
from revisual.memory_plan.layouts import DEEPSPEED_BUCKET, Strategy, Weights, layout, strategy_of

HALF = Weights(
    count=1000, trained=800, unit=100, root=200, root_trained=160, head=50, stored=4, computed=2, state=8.0, working=4.0
)


def lasting(strategy, devices=8, weights=HALF):
    made = layout(strategy, weights, devices, per_node=8)
    return made.weights, made.gradients, made.optimizer


@pytest.mark.parametrize(
    ("strategy", "devices", "expected"),
    [
        (Strategy("single device"), 1, (4000, 3200, 6400)),
        (Strategy("ddp"), 8, (4000, 3200, 6400)),
        (Strategy("fsdp2"), 8, (500, 400, 800)),
        (Strategy("fsdp2"), 16, (250, 200, 400)),
        (Strategy("fsdp2", hybrid=True), 16, (500, 400, 800)),
        (Strategy("deepspeed", 1), 8, (2000, 1600, 400 + 800)),
        (Strategy("deepspeed", 2), 8, (2000, 200, 400 + 800)),
        (Strategy("deepspeed", 3), 8, (250, 200, 400 + 800)),
        (Strategy("deepspeed", 2, offload=True), 8, (2000, 0, 0)),
        (Strategy("deepspeed", 3, offload=True), 8, (0, 0, 0)),
    ],
    ids=str,
)
def test_what_lasts(strategy, devices, expected):
    assert lasting(strategy, devices) == expected


def test_copies_of_gradients_that_ddp_sends():
    assert layout(Strategy("ddp"), HALF, 8, 8).in_pass == 3200
    assert layout(Strategy("ddp", bucket_view=True), HALF, 8, 8).in_pass == 0
    assert layout(Strategy("single device"), HALF, 1, 8).in_pass == 0


def test_what_fsdp2_brings_together():
    made = layout(Strategy("fsdp2"), HALF, 8, 8)
    root_and_two_blocks, gradient_of_a_block, gradient_of_the_head = 2 * (200 + 2 * 100), 100 * (2 + 4), 4 * 50
    assert made.in_pass == root_and_two_blocks + gradient_of_a_block + gradient_of_the_head
    assert made.at_end == 2 * 200 + 2 * 160 + 4 * 160
    assert made.in_rollout == 2000


def test_what_deepspeed_brings_together():
    assert layout(Strategy("deepspeed", 3), HALF, 8, 8).in_rollout == 2000
    large = Weights(10**10, 10**10, 10**8, 10**9, 10**9, 5 * 10**8, 4, 2, 8.0, 4.0)
    made = layout(Strategy("deepspeed", 3), large, 8, 8)
    assert made.in_pass == 2 * (10**9 + 10**8) + 2 * 2 * DEEPSPEED_BUCKET + 4 * 5 * 10**8


@pytest.mark.parametrize(
    ("strategy", "devices", "shards"),
    [
        (Strategy("ddp"), 8, 1),
        (Strategy("fsdp2"), 16, 16),
        (Strategy("fsdp2", hybrid=True), 16, 8),
        (Strategy("deepspeed", 2), 8, 1),
        (Strategy("deepspeed", 3), 8, 8),
    ],
    ids=str,
)
def test_devices_that_share_a_reference(strategy, devices, shards):
    assert layout(strategy, HALF, devices, per_node=8).shards == shards


def test_offload_moves_the_states_to_the_hosts():
    made = layout(Strategy("deepspeed", 3, offload=True), HALF, 8, 8)
    assert made.host == {"optimizer (offload)": 400 + 800 + 400, "weights (offload)": 250}


def of_class(name, **init):
    return Namespace(class_path=name, init_args=Namespace(**init))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("auto", Strategy("ddp")),
        ("ddp", Strategy("ddp")),
        ("fsdp2", Strategy("fsdp2")),
        ("deepspeed_stage_2", Strategy("deepspeed", 2)),
        ("deepspeed_stage_3_offload", Strategy("deepspeed", 3, offload=True)),
        (of_class("revisual.training.strategies.FSDP2", hybrid=True), Strategy("fsdp2", hybrid=True)),
        (of_class("revisual.training.strategies.DeepSpeed", stage=3, offload=False), Strategy("deepspeed", 3)),
        (
            of_class("lightning.pytorch.strategies.DDPStrategy", gradient_as_bucket_view=True),
            Strategy("ddp", bucket_view=True),
        ),
    ],
    ids=str,
)
def test_names_of_strategies(value, expected):
    assert strategy_of(value, devices=8) == expected


def test_one_device_needs_no_strategy():
    assert strategy_of("auto", 1) == strategy_of("ddp", 1) == Strategy("single device")


def test_an_unknown_strategy_is_refused():
    with pytest.raises(UserError, match=r"trainer.strategy: horovod: plan knows"):
        strategy_of("horovod", 8)
