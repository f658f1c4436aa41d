"""Which tokens of a forward see which, said once for all layers; and what a kernel is that computes it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import pad


@dataclass(frozen=True)
class AttentionInputs:
    """What a layer attends with; H query heads share K key heads."""

    query: Float[Tensor, "B H L D"]
    key: Float[Tensor, "B K S D"]
    value: Float[Tensor, "B K S D"]
    scaling: float | None = None
    """Factor of the scores; None: D ** -0.5."""
    dropout: float = 0.0
    """Share of weights that are zeroed at random."""


class Kernel(ABC):
    """Computes the attention of all segments of a packed row."""

    name: str
    """For the log."""

    @abstractmethod
    def __call__(self, inputs: AttentionInputs, row: "PackedRow") -> Float[Tensor, "1 H L D"]:
        """Compute the attention of the one row that the inputs hold."""

    def refuses(self, dropout: bool) -> str | None:
        """Return why the kernel cannot be taken at all, where that is known without trying it."""
        return None


KernelChoice = Callable[..., Kernel]
"""From a layer's inputs and whether it is causal to the kernel for tensors like these."""


class Layout(ABC):
    """What the queries of a forward see; handed to a forward as `layout`."""

    @abstractmethod
    def attend(self, layer: int, inputs: AttentionInputs, choose: KernelChoice) -> Float[Tensor, "B H L D"]:
        """Compute a layer's attention."""


@dataclass(frozen=True)
class Segment:
    """Tokens of a packed row, each of which sees the prefix, the segment's earlier tokens, and itself.

    Example: `[Segment(3), Segment(2, prefix=0)]` is a prompt of 3 tokens, and a completion of 2 behind it.
    """

    length: int
    prefix: int | None = None
    """The number of the earlier segment that is seen first; none: the segment starts a sequence."""


class PackedRow(Layout):
    """One row of segments, in order and without gaps.

    A prompt's keys and values are computed once and read by each of its completions: autograd adds up what they say.
    What kernels need to know of the lengths is made at the first layer and kept for the others. FSDP2 takes dataclasses
    apart to cast what is in them, and would drop what is kept: so this is none.

    Args:
        segments: of the row.
        causal: whether a token sees only what comes before it in its own segment; else it sees all of the segment.
    """

    def __init__(self, segments: Sequence[Segment], *, causal: bool = True) -> None:
        self._segments, self.causal = tuple(segments), causal
        self._moved: dict[tuple[str, torch.device], Tensor] = {}
        self._masks: dict[tuple[int, torch.dtype, torch.device], Tensor] = {}

    def attend(self, layer: int, inputs: AttentionInputs, choose: KernelChoice) -> Float[Tensor, "1 H L D"]:
        """Compute the attention, which is the same at every layer."""
        dtype = inputs.value.dtype  # under autocast, rotary embeddings leave float32
        inputs = replace(inputs, query=inputs.query.to(dtype), key=inputs.key.to(dtype))
        kernel: Kernel = choose(inputs, causal=self.causal)
        return kernel(inputs, self)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Of the row, in order."""
        return self._segments

    @cached_property
    def lengths(self) -> list[int]:
        """Of the segments."""
        return [segment.length for segment in self.segments]

    @property
    def longest(self) -> int:
        """Queries of the longest segment."""
        return max(self.lengths)

    @property
    def longest_key(self) -> int:
        """Keys that any segment sees at most."""
        return max(self.key_lengths)

    @cached_property
    def key_lengths(self) -> list[int]:
        """The number of keys that each segment sees: its prefix's and its own."""
        return [s.length + self.prefix_length(s) for s in self.segments]

    def prefix_length(self, segment: Segment) -> int:
        """Return how many tokens a segment sees before its own."""
        return 0 if segment.prefix is None else self.segments[segment.prefix].length

    @cached_property
    def is_shared(self) -> bool:
        """Whether any segment has a prefix; else a segment's keys are its own."""
        return any(segment.prefix is not None for segment in self.segments)

    @cached_property
    def query_ends(self) -> Int[Tensor, " E"]:
        """0, then the running sum of the segments' lengths."""
        return _running_sum(self.lengths)

    @cached_property
    def key_ends(self) -> Int[Tensor, " E"]:
        """0, then the running sum of what the segments see."""
        return _running_sum(self.key_lengths)

    @cached_property
    def seen(self) -> Int[Tensor, " K"]:
        """For each segment in turn, the positions of the row that its queries may see: its prefix's and its own."""
        positions = torch.arange(int(self.query_ends[-1])).split(self.lengths)
        return torch.cat(
            [positions[i] for s, own in enumerate(self.segments) for i in (own.prefix, s) if i is not None]
        )

    def on(self, device: torch.device, name: str) -> Int[Tensor, " _"]:
        """Return one of `query_ends`, `key_ends` and `seen` on a device; it is copied there once."""
        if (name, device) not in self._moved:
            self._moved[name, device] = getattr(self, name).to(device)
        return self._moved[name, device]

    def mask(self, prefix: int, dtype: torch.dtype, device: torch.device) -> Float[Tensor, "Q S"]:
        """Return what is added to the scores of segments behind `prefix` tokens: one mask for all of them.

        A segment of q tokens takes its first q rows and `prefix` + q columns. Rows start at multiples of 16 bytes, as
        the memory-efficient kernel needs them, which else would copy the mask at each call.
        """
        if (prefix, dtype, device) not in self._masks:
            longest = max(s.length for s in self.segments if self.prefix_length(s) == prefix and s.prefix is not None)
            room = -(-(prefix + longest) // 8) * 8
            allowed: Bool[Tensor, "Q S"] = torch.ones(longest, room, dtype=torch.bool, device=device).tril(prefix)
            mask = torch.zeros(longest, room, dtype=dtype, device=device).masked_fill_(~allowed, -torch.inf)
            self._masks[prefix, dtype, device] = mask
        return self._masks[prefix, dtype, device]


def _running_sum(lengths: Sequence[int]) -> Int[Tensor, " E"]:
    return pad(torch.tensor(lengths, dtype=torch.long).cumsum(0), (1, 0)).int()
