"""What to change in a config that does not fit."""

from collections.abc import Iterator
from typing import Any

from revisual.memory_plan.estimate import Estimate


def advice(plan: Estimate, config: Any) -> list[str]:
    """Return settings to try, the most effective first; none for a plan that fits.

    Example: `["--config configs/strategy/fsdp2.yaml: ..."]`
    """
    return [] if plan.fits is not False else list(_advice(plan, config))


def _advice(plan: Estimate, config: Any) -> Iterator[str]:
    held = plan.phases[plan.fullest]
    states = held["weights"] + held["reference"] + held["gradients"] + held["optimizer"]
    policy = config.model.init_args.policy.init_args
    if plan.strategy.name in ("single device", "ddp") and plan.machine.devices > 1:
        yield (
            f"--config configs/strategy/fsdp2.yaml: the {_gb(states)} of weights, gradients and optimizer state are "
            f"divided by {plan.machine.devices}"
        )
    if plan.strategy.hybrid and plan.machine.nodes > 1:
        yield "--config configs/strategy/fsdp2.yaml: sharded over all nodes, and not within each"
    if held["activations and logits"] > states / 4 and "training" in plan.fullest:
        yield from _smaller_passes(plan, policy)
    if plan.fullest in plan.work.rollouts:
        yield from _smaller_rollouts(plan)
    if held["reference"]:
        yield (
            f"model.init_args.policy.init_args.lora: {{rank: 16}}: the reference's {_gb(held['reference'])} go, as it "
            "is then the policy without its adapter"
        )
    if states > (plan.machine.usable or 0) / 2:
        yield from _smaller_states(plan, policy)


def _smaller_passes(plan: Estimate, policy: Any) -> Iterator[str]:
    work = plan.work
    if not policy.get("gradient_checkpointing"):
        yield "model.init_args.policy.init_args.gradient_checkpointing: true: a layer's activations at a time"
    if sum(work.rows) > 1:
        least = work.prompt_tokens + work.response_tokens
        yield (
            f"model.init_args.max_tokens_per_pass: {least}: one row to a pass, where there are {sum(work.rows)} with "
            f"{work.pass_tokens:,} tokens"
        )
    if work.pictures:
        yield "model.init_args.policy.init_args.max_pixels: 1048576: smaller pictures"
    yield f"data.init_args.max_prompt_tokens below {work.prompt_tokens}: longer samples are dropped"


def _smaller_rollouts(plan: Estimate) -> Iterator[str]:
    rollouts = plan.work.rollouts[plan.fullest]
    rows = rollouts.prompts * rollouts.sampling.n
    if rows > 1:
        yield (
            f"model.init_args.engine: {{class_path: HFRollout, init_args: {{max_rows: {max(1, rows // 4)}}}}}: "
            f"{rows} answers are drawn at once"
        )
    if plan.strategy.is_sharding_weights:
        yield "--config configs/rollout/vllm.yaml: the policy's whole weights are brought together to answer by itself"


def _smaller_states(plan: Estimate, policy: Any) -> Iterator[str]:
    if not policy.get("lora"):
        yield "model.init_args.policy.init_args.lora: {rank: 16}: gradients and optimizer state of the adapters alone"
    elif str(policy.get("dtype")).removeprefix("torch.") == "float32" and plan.strategy.name != "deepspeed":
        yield (
            "model.init_args.policy.init_args.dtype: bfloat16: frozen weights take half of "
            f"{_gb(plan.phases[plan.fullest]['weights'])}, and the adapters stay in float32"
        )
    if plan.strategy.is_sharding_weights:
        per_device = plan.peak - (plan.machine.usable or 0)
        shared = sum(plan.phases[plan.fullest][kind] for kind in ("weights", "gradients", "optimizer"))
        if shared > per_device:
            needed = -(-shared * plan.machine.devices // (shared - per_device))
            yield f"--devices {needed}: {_gb(shared)} on each are divided by more"
    if not plan.strategy.offload:
        yield (
            "--config configs/strategy/deepspeed_stage_3_offload.yaml: weights and optimizer state in the hosts' memory"
        )


def _gb(size: float | int) -> str:
    return f"{size / 1e9:.1f} GB"
