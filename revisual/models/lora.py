"""Low-rank adapters through peft, inside the policy, so that the model keeps its class and its names."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from revisual.core.errors import UserError
from revisual.core.ranges import Below1, Count, FilledText, PositiveNumber, check_ranges
from revisual.models.families import Part, find_family


@dataclass(frozen=True)
class LoRA:
    """Adapters on the linear layers of a policy's parts, and on its experts.

    Example: `LoRA(rank=16, alpha=32)`

    Args:
        rank: of the two matrices that are added to a layer's weight.
        alpha: what is added is scaled by alpha / rank.
        dropout: share of a layer's input that the adapter does not see while training.
        targets: ends of the names of the language model's layers that get an adapter; of other parts, all linear
            layers do.
        parts: those that get adapters.
        experts: give each of the language model's experts adapters of its own, too.
    """

    rank: Count = 16
    alpha: PositiveNumber = 32.0
    dropout: Below1 = 0.0
    targets: Sequence[FilledText] = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
    parts: Sequence[Part] = ("language_model",)
    experts: bool = False

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.experts and self.dropout:
            raise UserError("lora.experts: experts' adapters have no dropout: set lora.dropout to 0")

    def apply(self, policy: Any) -> None:
        """Add the adapters; everything else stops needing gradients.

        Raises:
            UserError: a part has no layer to adapt, or there are no experts.
        """
        from peft import LoraConfig

        settings = LoraConfig(
            r=self.rank,
            lora_alpha=self.alpha,  # type: ignore[arg-type]  # peft scales by any number
            lora_dropout=self.dropout,
            target_modules=[name for part in self.parts for name in self._layers_of(policy, part)],
            target_parameters=_expert_weights(policy) if self.experts else None,
        )
        with _names_as_they_are():
            policy.add_adapter(settings)

    def _layers_of(self, policy: Any, part: Part) -> list[str]:
        family = find_family(policy.config)
        found = [
            name
            for name, module in policy.named_modules()
            if isinstance(module, nn.Linear)
            and family.part_of(f"{name}.weight") == part
            and not family.is_never_used(f"{name}.weight")
            and (part != "language_model" or name.rpartition(".")[2] in self.targets)
        ]
        if not found:
            named = f" has a name in {list(self.targets)}" if part == "language_model" else ""
            raise UserError(f"lora: no linear layer of the {part.replace('_', ' ')}{named}")
        return found


def _expert_weights(policy: nn.Module) -> list[str]:
    """Return the names of the weights that hold a matrix for each expert."""
    found = [name for name, weight in policy.named_parameters() if weight.ndim == 3 and ".experts." in name]
    if not found:
        raise UserError("lora.experts: the policy has no experts")
    return found


@contextmanager
def _names_as_they_are() -> Iterator[None]:
    """Keep peft from taking names of layers for those of experts that older versions of transformers had."""
    import peft.utils.transformers_weight_conversion as conversion

    rename = conversion.convert_peft_config_for_transformers
    conversion.convert_peft_config_for_transformers = lambda *_, **__: None
    try:
        yield
    finally:
        conversion.convert_peft_config_for_transformers = rename


def has_adapter(policy: nn.Module) -> bool:
    """Return whether the policy carries an adapter."""
    return any("lora_" in name for name, _ in policy.named_parameters())


@contextmanager
def adapter_disabled(policy: Any) -> Iterator[None]:
    """Switch the adapter off within: a reference policy that costs no second copy of the weights."""
    policy.disable_adapters()
    try:
        yield
    finally:
        policy.enable_adapters()


def adapter_scaling(policy: nn.Module) -> dict[str, float]:
    """Return the factor of every adapted layer, by the layer's name."""
    return {name: float(next(iter(module.scaling.values()))) for name, module in _adapted(policy)}


def _adapted(policy: nn.Module) -> Iterator[tuple[str, Any]]:
    for name, module in policy.named_modules():
        if hasattr(module, "base_layer") and isinstance(getattr(module, "scaling", None), dict):
            yield name, module


def plain_name(name: str) -> str:
    """Return the name that a weight of an adapted layer has in the policy without adapters."""
    return re.sub(r"(\.base_layer)+\.", ".", name)


@dataclass(frozen=True)
class Adapter:
    """What is added to one weight.

    Args:
        layer: the name of the module that holds it.
        scaling: the factor of what is added.
        experts: how many matrices the weight holds, one behind the other; None: it is one.
    """

    layer: str
    scaling: float
    experts: int | None = None

    def delta(self, up: Tensor, down: Tensor) -> Tensor:
        """Return what the two matrices add, in float32."""
        up, down = up.float(), down.float()
        if self.experts is None:
            return self.scaling * (up @ down)
        ups = up.reshape(up.shape[0], -1, self.experts)
        downs = down.reshape(self.experts, -1, down.shape[1])
        return self.scaling * torch.einsum("ore,eri->eoi", ups, downs)


def adapters(policy: nn.Module) -> dict[str, Adapter]:
    """Return the adapters by the names of their weights, as the adapted policy has them."""
    scaling, found = adapter_scaling(policy), {}
    for name, module in _adapted(policy):
        weight = getattr(module, "parameter_name", "weight")
        experts = module.num_experts if weight != "weight" else None
        within, base = f"{name}.base_layer", module.base_layer
        while hasattr(base, "base_layer"):  # of an expert's two weights, one wraps the other
            within, base = f"{within}.base_layer", base.base_layer
        found[f"{within}.{weight}"] = Adapter(name, scaling[name], experts)
    return found
