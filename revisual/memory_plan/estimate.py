"""What a run needs, phase by phase, on a device and on a host."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from revisual.memory_plan.config import Configured
from revisual.memory_plan.forward_passes import Passes, optimizer_step
from revisual.memory_plan.layouts import Strategy, Weights, layout, strategy_of
from revisual.memory_plan.live import Peak, shape_mode
from revisual.memory_plan.shapes import LongestPrompt, longest_prompt, on_no_device
from revisual.memory_plan.workload import Given, Workload, workload
from revisual.models.parts import part_of
from revisual.models.precision import compute_dtype, store_as_computed
from revisual.training.grpo import GRPOModule

IMPORTED = 650_000_000
"""Bytes of a process that has imported everything and loaded nothing (measured on Linux)."""

COMMON_MEMORY = 80_000_000_000
"""Bytes of a GPU, where they are not said: how many logits are held at a time depends on them."""


@dataclass(frozen=True)
class Machine:
    """What is planned for.

    Args:
        memory: bytes of a device; null: not said.
        is_gpu: the CUDA context takes a part, and the optimizer works on all parameters at once.
    """

    devices: int
    per_node: int
    memory: int | None
    is_gpu: bool

    @property
    def nodes(self) -> int:
        """As many as the devices need."""
        return -(-self.devices // self.per_node)

    @property
    def gpu_memory(self) -> int | None:
        """Bytes of a GPU, also where they are not said; None: the devices are CPUs."""
        return (self.memory or COMMON_MEMORY) if self.is_gpu else None

    @property
    def usable(self) -> int | None:
        """The part of a GPU's memory for tensors: 2 GB are the context's and NCCL's, 5 % is lost between blocks."""
        if self.memory is None:
            return None
        return int((self.memory - 2e9) * 0.95) if self.is_gpu else self.memory


@dataclass(frozen=True)
class Estimate:
    """The plan: bytes by phase and kind, and what they follow from."""

    parameters: Mapping[str, int]
    trained: Mapping[str, int]
    strategy: Strategy
    machine: Machine
    work: Workload
    pixels: int
    precision: str
    phases: Mapping[str, Mapping[str, int]]
    """On a device; each phase's kinds add up to what is held at its fullest."""
    largest: Mapping[str, int]
    """Of logits and of the KV cache alone, whenever that was."""
    host: Mapping[str, int]
    """On each process's host."""
    notes: tuple[str, ...] = ()

    @property
    def fullest(self) -> str:
        """The phase that needs the most."""
        return max(self.phases, key=self.total)

    def total(self, phase: str) -> int:
        """Return a phase's memory on a device."""
        return sum(self.phases[phase].values())

    @property
    def peak(self) -> int:
        """The memory that the run needs on a device."""
        return self.total(self.fullest)

    @property
    def fits(self) -> bool | None:
        """Null where the device's memory is not said."""
        return None if self.machine.usable is None else self.peak <= self.machine.usable


@dataclass
class Planner:
    """Runs the phases of a configured run on shapes and lays them out.

    Args:
        say: told what is being worked on.
    """

    run: Configured
    machine: Machine
    given: Given
    say: Any = print
    phases: dict[str, dict[str, int]] = field(default_factory=dict)
    peaks: dict[str, Peak] = field(default_factory=dict)
    largest: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def estimate(self) -> Estimate:
        """Return the whole plan."""
        module, trainer = self.run.module, self.run.config.trainer
        self.strategy = strategy_of(trainer.strategy, self.machine.devices)
        self.precision = str(trainer.precision or "32-true")
        self.engine = self.run.engine.memory()
        self.work = workload(self.run.config, module, self.engine.max_rows, self.given)
        parameters, trained = self._counts()
        self.shapes, policy = shape_mode(), module.policy
        self.loaded = policy.dtype.itemsize
        self.weights = self._weights(policy)
        self.layout = layout(self.strategy, self.weights, self.machine.devices, self.machine.per_node)
        compute = {2: torch.bfloat16, 4: torch.float32}[self.weights.computed]
        on_no_device(policy, self.shapes, compute if compute != policy.dtype else None)
        longest = longest_prompt(module.encoder, policy, self.work.prompt_tokens, self.work.pictures, self.shapes)
        pad_id = module.encoder.processor.tokenizer.pad_token_id
        self.passes = Passes(policy, self.shapes, longest, self.precision, pad_id, self.machine.gpu_memory)
        self._train()
        self._roll_out()
        if not self.machine.is_gpu and not self.layout.is_sharded:
            self._keep_small_blocks()
        return Estimate(
            parameters, trained, self.strategy, self.machine, self.work, longest.pixels, self.precision,
            self.phases, self.largest, self._host(longest), tuple(self.notes),
        )  # fmt: skip

    def _counts(self) -> tuple[Counter[str], Counter[str]]:
        total: Counter[str] = Counter()
        trained: Counter[str] = Counter()
        for name, parameter in self.run.module.policy.named_parameters():
            part = "adapters" if ".lora_" in name else part_of(self.run.module.policy, name)
            total[part] += parameter.numel()
            trained[part] += parameter.numel() * parameter.requires_grad
        return total, +trained

    def _weights(self, policy: Any) -> Weights:
        """Return numbers of parameters, and bytes of one as the strategy stores and computes them."""
        parameters = list(policy.parameters())
        trained = [p for p in parameters if p.requires_grad]
        blocks = [m for m in policy.modules() if type(m).__name__ in set(policy._no_split_modules or ())]
        inside = {id(p) for block in blocks for p in block.parameters()}
        root = [p for p in parameters if id(p) not in inside]
        head = policy.get_output_embeddings().weight
        half = self.precision.startswith(("bf16", "16"))
        stored = 2 if self.precision in ("bf16-true", "16-true") else policy.dtype.itemsize
        is_spread = self.strategy.name in ("fsdp2", "deepspeed")
        self.say("the optimizer's step")
        master = torch.float32 if self.strategy.name == "deepspeed" else {2: torch.bfloat16, 4: None}[stored]
        step = optimizer_step(
            self.run.module.optimizer_factory, trained, self.shapes, master, at_once=self.machine.is_gpu
        )
        self.peaks["optimizer step"] = step
        count = sum(p.numel() for p in trained)
        return Weights(
            count=sum(p.numel() for p in parameters),
            trained=count,
            unit=max((sum(p.numel() for p in block.parameters()) for block in blocks), default=0),
            root=sum(p.numel() for p in root),
            root_trained=sum(p.numel() for p in root if p.requires_grad),
            head=head.numel() if head.requires_grad else 0,
            stored=stored,
            computed=2 if half and is_spread else stored,
            state=step.kinds.get("optimizer", 0) / count,
            working=step.kinds.get("working", 0) / count,
        )

    def _train(self) -> None:
        work = self.work
        self.say("a training pass")
        peak = self.passes.training(
            work.rows,
            work.response_tokens,
            accumulates=work.passes > 1,
            temperature=work.temperature,
            entropy_gradient=work.entropy_gradient,
        )
        self._note("training pass", peak)
        at = self.layout
        if at.is_sharded:
            self._phase("training pass", gradients=at.gradients, gathered=at.in_pass, activations=peak.passing)
            if at.at_end > at.in_pass + peak.passing:
                self._phase("training pass", gradients=at.gradients, gathered=at.at_end, activations=0)
        else:
            held = dict(peak.kinds)
            self._phase(
                "training pass",
                gradients=held.get("gradients", 0),
                gathered=max(0, held.get("copies", 0)) + at.in_pass,
                activations=max(0, held.get("activations", 0) + held.get("logits", 0) + min(0, held.get("copies", 0))),
            )
        self._phase("optimizer step", gradients=at.gradients, gathered=at.in_step)

    def _roll_out(self) -> None:
        for name, rollouts in self.work.rollouts.items():
            if not self.engine.uses_policy:
                self._answer_apart(name)
                continue
            self.say(f"the {name}")
            tokens = self.engine.max_prefill_tokens
            at_once = None if tokens is None else max(1, tokens // self.work.prompt_tokens)
            peak = self.passes.rollout(rollouts.prompts, rollouts.sampling, rollouts.tokens, at_once)
            self._note(name, peak)
            cache = peak.largest.get("KV cache", 0)
            copies = max(0, peak.kinds.get("copies", 0))  # below 0 where more is let go of than is made
            self._phase(
                name,
                gradients=0,  # freed after the step
                gathered=self.layout.in_rollout + (0 if self.layout.is_sharded else copies),
                activations=max(0, peak.total - peak.kinds["weights"] - copies - cache),
                cache=cache,
            )

    def _answer_apart(self, name: str) -> None:
        """Lay out answers by an engine with its own memory, which gets the weights one whole tensor at a time."""
        taken = 0 if self.machine.memory is None else int(self.engine.share * self.machine.memory)
        tensor = max(p.numel() for p in self.run.module.policy.parameters()) * self.weights.stored
        sent = tensor if self.strategy.is_sharding_weights else 0
        self._phase(name, gradients=0, gathered=sent, cache=taken)

    def _phase(self, name: str, *, gradients: int, gathered: int = 0, activations: int = 0, cache: int = 0) -> None:
        self.phases[name] = {
            "weights": self.layout.weights,
            "reference": self._reference(),
            "gradients": gradients,
            "optimizer": self.layout.optimizer,
            "weights and gradients in flight": gathered,
            "activations and logits": activations,
            "KV cache": cache,
        }

    def _reference(self) -> int:
        """Return the memory of a frozen copy of the policy, for a KL term without an adapter to switch off.

        It is spread as the policy is, and stored in the type that its matrices are multiplied in.
        """
        module = self.run.module
        copy = module.reference.copy if isinstance(module, GRPOModule) else None
        if copy is None:
            return 0
        store_as_computed(copy, compute_dtype(self.precision))
        return sum(p.numel() * p.element_size() for p in copy.parameters()) // self.layout.shards

    def _keep_small_blocks(self) -> None:
        """Add what freed small blocks hold, which a CPU does not give back, to the large ones of any phase."""
        step = self.peaks["optimizer step"]
        frozen = self.weights.count * self.weights.stored - sum(
            part.get("weights", 0) for part in (step.large, step.small)
        )

        def held(name: str, part: str) -> int:
            kinds: Mapping[str, int] = getattr(self.peaks[name], part)
            lasting = getattr(step, part)
            missing = [kind for kind in ("gradients", "optimizer") if kind not in kinds]
            if name == "optimizer step":
                return sum(kinds.values()) + (frozen if part == "large" else 0)
            return sum(kinds.values()) + sum(lasting.get(kind, 0) for kind in missing)

        small = max(held(name, "small") for name in self.peaks)
        for name in self.phases.keys() & self.peaks.keys():  # where an engine answers apart, nothing was run here
            together = held(name, "large") + small
            self.phases[name]["kept after use"] = max(0, together - sum(self.phases[name].values()))

    def _note(self, name: str, peak: Peak) -> None:
        self.peaks[name] = peak
        for kind in ("logits", "KV cache"):
            self.largest[kind] = max(self.largest[kind], peak.largest.get(kind, 0))

    def _host(self, longest: LongestPrompt) -> dict[str, int]:
        """Return each process's host memory: the weights being read, a batch's pictures and a pass's patches."""
        work = self.work
        first_only = self.strategy.name == "fsdp2"
        read = self.weights.count * self.loaded
        answering = [r.prompts for r in work.rollouts.values()] if self.engine.uses_policy else []
        together = max([*answering, len(work.rows)])
        return {
            "imports": IMPORTED,
            "weights while loading, first process" if first_only else "weights while loading": read,
            "pictures": work.batch * longest.pixels * 3,
            "patches": together * longest.patch_bytes,
            **self.layout.host,
        }
