"""Low-rank adapters through peft, inside the policy, so that the model keeps its class and its names."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import nn

from revisual.core.errors import UserError
from revisual.core.ranges import Below1, Count, FilledText, PositiveNumber, check_ranges
from revisual.models.families import find_family


@dataclass(frozen=True)
class LoRA:
    """Adapters on the linear layers whose names end in one of `targets`.

    Example: `LoRA(rank=16, alpha=32)`

    Args:
        rank: of the two matrices that are added to a layer's weight.
        alpha: what is added is scaled by alpha / rank.
        dropout: share of a layer's input that the adapter does not see while training.
        targets: ends of the names of the layers that get an adapter.
    """

    rank: Count = 16
    alpha: PositiveNumber = 32.0
    dropout: Below1 = 0.0
    targets: Sequence[FilledText] = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")

    def __post_init__(self) -> None:
        check_ranges(self)

    def apply(self, policy: Any) -> None:
        """Add the adapters to the language model; everything else stops needing gradients.

        Raises:
            UserError: no layer is one of the targets.
        """
        from peft import LoraConfig

        config: Any = policy.config
        family = find_family(config)
        adapted = [
            name
            for name, module in policy.named_modules()
            if isinstance(module, nn.Linear)
            and name.rpartition(".")[2] in self.targets
            and family.part_of(f"{name}.weight") == "language_model"
        ]
        if not adapted:
            raise UserError(f"lora: no linear layer of the language model has a name in {list(self.targets)}")
        settings = LoraConfig(
            r=self.rank,
            lora_alpha=self.alpha,  # type: ignore[arg-type]  # peft scales by any number
            lora_dropout=self.dropout,
            target_modules=adapted,
        )
        with _names_as_they_are():
            policy.add_adapter(settings)


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
    found: dict[str, float] = {}
    for name, module in policy.named_modules():
        factors: Any = getattr(module, "scaling", None)
        if hasattr(module, "base_layer") and isinstance(factors, dict):
            found[name] = float(next(iter(factors.values())))
    return found
