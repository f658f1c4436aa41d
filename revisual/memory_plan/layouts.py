"""How a strategy lays weights, gradients and optimizer states out over devices and hosts."""

from dataclasses import dataclass, field
from typing import Any

from revisual.core.errors import UserError

DEEPSPEED_LIVE = 1_000_000_000
"""Parameters that ZeRO-3 may hold together at once (`stage3_max_live_parameters`, DeepSpeed's default)."""
DEEPSPEED_BUCKET = 200_000_000
"""Elements of a bucket for reduction, of which there are two (Lightning's `reduce_bucket_size`, `overlap_comm`)."""


@dataclass(frozen=True)
class Weights:
    """What there is to lay out: numbers of parameters, and bytes of one.

    Args:
        unit: of the largest block, which is brought together as one.
        root: outside of blocks (embedding, head, projector); `root_trained` of them are trained.
        head: of the head, whose gradient is summed in float32.
        stored: bytes of a parameter between steps, `computed`: in a pass.
        state: bytes of the optimizer's state for a trained parameter.
        working: bytes of what the optimizer's step makes besides, for a trained parameter.
    """

    count: int
    trained: int
    unit: int
    root: int
    root_trained: int
    head: int
    stored: int
    computed: int
    state: float
    working: float


@dataclass(frozen=True)
class Layout:
    """Bytes on each device, and on each process's host."""

    weights: int
    gradients: int
    optimizer: int
    in_pass: int = 0
    """Brought together or in flight in a training pass; a pass on a single device is measured with it."""
    at_end: int = 0
    """In flight when a pass ends and nothing of its activations is left."""
    in_step: int = 0
    """What the optimizer's step makes besides."""
    in_rollout: int = 0
    """Whole weights for a rollout by the policy itself."""
    host: dict[str, int] = field(default_factory=dict)
    is_sharded: bool = True
    """Whether passes are those of a policy whose weights are laid out elsewhere."""
    shards: int = 1
    """Devices that a frozen model is spread over."""


@dataclass(frozen=True)
class Strategy:
    """A strategy's name and settings, as `trainer.strategy` says them."""

    name: str
    stage: int = 0
    offload: bool = False
    hybrid: bool = False
    bucket_view: bool = False

    @property
    def is_sharding_weights(self) -> bool:
        """Whether a device holds a part of each weight."""
        return self.name == "fsdp2" or (self.name == "deepspeed" and self.stage == 3)

    def __str__(self) -> str:
        shown = f"DeepSpeed stage {self.stage}" if self.name == "deepspeed" else self.name
        return shown + (", offload" if self.offload else "") + (", hybrid" if self.hybrid else "")


def strategy_of(value: Any, devices: int) -> Strategy:
    """Parse `trainer.strategy`: a name, or a class and its arguments.

    Raises:
        UserError: it is not one that this can plan for.
    """
    named = value if isinstance(value, str) else getattr(value, "class_path", None)
    init: Any = {} if isinstance(value, str) else getattr(value, "init_args", None) or {}
    name = str(named).rpartition(".")[2].lower().removesuffix("strategy")
    if name in ("none", "auto", "singledevice"):
        return Strategy("ddp" if devices > 1 else "single device")
    if name.startswith("ddp"):
        return Strategy(
            "ddp" if devices > 1 else "single device", bucket_view=bool(init.get("gradient_as_bucket_view"))
        )
    if name in ("fsdp2", "modelparallel"):
        return Strategy("fsdp2", hybrid=bool(init.get("hybrid", False)))
    if name.startswith("deepspeed"):
        stage = name.partition("stage_")[2][:1] or init.get("stage", 2)
        offload = "offload" in name or bool(init.get("offload") or init.get("offload_optimizer"))
        return Strategy("deepspeed", int(stage), offload)
    raise UserError(f"trainer.strategy: {named}: plan knows auto, ddp, FSDP2 and DeepSpeed")


def layout(strategy: Strategy, weights: Weights, devices: int, per_node: int) -> Layout:
    """Return where each part of a policy lies."""
    if strategy.name == "fsdp2":
        return _fsdp2(weights, min(devices, per_node) if strategy.hybrid else devices)
    if strategy.name == "deepspeed":
        return _zero(strategy, weights, devices)
    gradients = weights.trained * weights.stored
    buckets = gradients if strategy.name == "ddp" and not strategy.bucket_view else 0
    return Layout(
        weights.count * weights.stored,
        gradients,
        round(weights.trained * weights.state),
        in_pass=buckets,
        in_step=buckets + round(weights.trained * weights.working),
        in_rollout=buckets,
        is_sharded=False,
    )


def _fsdp2(w: Weights, shards: int) -> Layout:
    """Lay out FSDP2: two blocks are together at a time, the next being fetched, and the root all through a pass.

    A block's gradient is there whole, and once more in float32 while it is summed over the processes; the root's when
    the pass ends.
    """
    together = (w.root + 2 * w.unit) * w.computed
    return Layout(
        w.count * w.stored // shards,
        w.trained * w.stored // shards,
        round(w.trained * w.state / shards),
        in_pass=together + w.unit * (w.computed + 4) + 4 * w.head,
        at_end=(w.root + w.root_trained) * w.computed + 4 * w.root_trained,
        in_step=round(w.trained * w.working / shards),
        in_rollout=w.count * w.computed,
        shards=shards,
    )


def _zero(strategy: Strategy, w: Weights, shards: int) -> Layout:
    """Lay out ZeRO: half precision has a float32 copy of what is trained; so have float32 weights at stages 1 and 2."""
    stage, split = strategy.stage, w.trained / shards
    master = round(4 * split)
    state = master + round(split * w.state)
    held = w.count * w.computed // (shards if stage == 3 else 1)
    gradients = round((split if stage > 1 else w.trained) * w.computed)
    buckets = 2 * min(DEEPSPEED_BUCKET, w.trained) * w.computed
    together = min(w.count, DEEPSPEED_LIVE + w.unit) * w.computed if stage == 3 else 0
    step = round(split * max(4, w.working))
    host = {"optimizer (offload)": state + round(4 * split)} if strategy.offload else {}
    if strategy.offload and stage == 3:
        host["weights (offload)"] = held
        held = 0
    return Layout(
        held,
        gradients if not strategy.offload else 0,
        0 if strategy.offload else state,
        in_pass=together + buckets + 4 * w.head,
        at_end=together + buckets,
        in_step=0 if strategy.offload else step,
        in_rollout=w.count * w.computed if stage == 3 else 0,
        host=host,
        shards=shards if stage == 3 else 1,
    )
