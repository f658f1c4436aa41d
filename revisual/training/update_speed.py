"""How much of a card an update uses."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from revisual.models.flops import COUNTED, card_peak, count_work
from revisual.models.inputs import ForwardInputs


class UpdateSpeed:
    """Measures an update from its first pass to the end of its optimizer step; the rollouts before are not in it.

    Only where the card's peak is known: by its name, or because it is set.
    """

    def __init__(self) -> None:
        self.peak: float | None = None
        """Operations per second of the device at its best."""
        self.seconds = 0.0
        """Of the last update."""
        self.tokens = self.flops = 0
        """Of the last update on this rank: what the policy read, and operations of its passes."""
        self._began: float | None = None
        self._passes: list[ForwardInputs] = []

    def begin(self, device: torch.device) -> None:
        """Start an update."""
        if self.peak is None and device.type == "cuda":
            self.peak = card_peak(torch.cuda.get_device_name(device))
        self._passes.clear()
        self._began = None if self.peak is None else _now(device)

    def add(self, inputs: ForwardInputs) -> None:
        """Keep what there is to count of a pass of the update; outside of one, nothing.

        Counted is at the end: now it would wait for the device.
        """
        if self._began is not None:
            kept = {name: inputs.arguments[name] for name in COUNTED if name in inputs.arguments}
            self._passes.append(replace(inputs, arguments=kept, unused=None))

    def end(self, policy: Any, device: torch.device, ranks: int) -> Mapping[str, float]:
        """Return this rank's share of the means over all ranks; nothing where it is not measured."""
        if self._began is None or self.peak is None:
            return {}
        self.seconds, self._began = _now(device) - self._began, None
        works = [count_work(policy, inputs) for inputs in self._passes]
        self._passes.clear()
        self.tokens, self.flops = sum(work.tokens for work in works), sum(work.update for work in works)
        per_second = {"train/gpu_tokens_per_second": float(self.tokens), "train/mfu": self.flops / self.peak}
        return {name: value / self.seconds / ranks for name, value in per_second.items()}


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
