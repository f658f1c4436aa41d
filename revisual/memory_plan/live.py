"""Counting the memory of a computation on tensors that have a shape and no data."""

import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensor,
    FakeTensorMode,
)
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import arg_tree_leaves, tree_leaves

SMALL = 1 << 22
"""Bytes up to which tensors have data: positions, masks and lengths decide what a model does."""

BY_INDEX = {
    torch.ops.aten.index.Tensor, torch.ops.aten.index_put.default, torch.ops.aten.index_put_.default,
    torch.ops.aten._index_put_impl_.default,
}  # fmt: skip

LARGE = 32 << 20
"""Bytes above which a block goes back to the system when it is freed; glibc keeps smaller ones for later use."""


@dataclass(frozen=True)
class Peak:
    """The most bytes that were held at once, by what they were.

    Example: `Peak({"weights": 400, "activations": 100}).total == 500`
    """

    kinds: Mapping[str, int]
    largest: Mapping[str, int] = field(default_factory=dict)
    """The most of each kind alone, whenever that was."""
    passing: int = 0
    """The most that was held of `LiveMemory.passing` together."""

    large: Mapping[str, int] = field(default_factory=dict)
    """What was held by blocks above `LARGE` when they were the most."""
    small: Mapping[str, int] = field(default_factory=dict)
    """The same of all others."""

    @property
    def total(self) -> int:
        """Of all kinds."""
        return sum(self.kinds.values())


class LiveMemory(TorchDispatchMode):
    """Runs the operations within on shapes alone, and counts the bytes of the tensors that are alive.

    Operations on small tensors are really done, others only say what they would return: the real code of a step runs,
    through autograd and optimizer, in no time and in no memory. Not counted is what kernels use for themselves.

    Args:
        shapes: what the tensors without data belong to; made by `shape_mode`.
        kind_of: what a new tensor is counted as.
        passing: kinds whose common peak is kept, besides that of everything.

    Example: `with memory: policy(...)`, then `memory.peak()`.
    """

    def __init__(
        self,
        shapes: FakeTensorMode,
        kind_of: Callable[[Tensor], str],
        passing: Iterable[str] = ("activations", "logits"),
    ) -> None:
        super().__init__()
        self.shapes = shapes
        self.kind_of, self.passing = kind_of, frozenset(passing)
        self._held: dict[int, tuple[str, int, Any]] = {}
        self.now: Counter[str] = Counter()
        self._by_size = {True: _Part(), False: _Part()}
        self._all = self._all_passing = self._most = 0
        self.restart()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation of torch and count the tensors that it makes."""
        kwargs = kwargs or {}
        result = self._result(func, args, kwargs)
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor):
                self.hold(tensor)
        return result

    def _result(self, func: Any, args: Any, kwargs: Any) -> Any:
        if any(isinstance(x, FakeTensor) for x in arg_tree_leaves(*args, **kwargs)):
            if func in BY_INDEX:
                args = (args[0], _places(args[1]), *args[2:])
            with self.shapes:
                return func(*args, **kwargs)
        if func.is_view or func._schema.is_mutable:  # makes no memory
            return func(*args, **kwargs)
        try:
            with self.shapes:
                shaped = func(*args, **kwargs)
        except (DataDependentOutputException, DynamicOutputShapeException):
            return func(*args, **kwargs)
        tensors = [x for x in tree_leaves(shaped) if isinstance(x, Tensor)]
        if any(x.untyped_storage().nbytes() > SMALL for x in tensors):
            return shaped
        return func(*args, **kwargs)

    def hold(self, tensor: Tensor, kind: str | None = None) -> None:
        """Count a tensor as long as it lives; one that is counted already changes its kind if one is given."""
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._held:
            before, size, reference = self._held[key]
            if kind is None or kind == before:
                return
            self._add(before, -size, size)
        else:
            size, reference = storage.nbytes(), weakref.ref(storage, lambda _: self._let_go(key))
        kind = kind or self.kind_of(tensor)
        self._held[key] = (kind, size, reference)
        self._add(kind, size, size)
        if self._all > self._most:
            self._most, self._kinds = self._all, self.now.copy()

    def restart(self) -> None:
        """Forget the peaks so far."""
        self._most, self._kinds = self._all, self.now.copy()
        self._largest, self._most_passing = self.now.copy(), self._all_passing
        for part in self._by_size.values():
            part.restart()

    def peak(self) -> Peak:
        """Return the most that was held since the last restart."""
        large, small = (+self._by_size[is_large].kinds for is_large in (True, False))
        return Peak(+self._kinds, +self._largest, self._most_passing, large, small)

    def _let_go(self, key: int) -> None:
        kind, size, _ = self._held.pop(key)
        self._add(kind, -size, size)

    def _add(self, kind: str, size: int, block: int) -> None:
        self.now[kind] += size
        self._by_size[block > LARGE].add(kind, size)
        self._all += size
        self._largest[kind] = max(self._largest[kind], self.now[kind])
        if kind in self.passing:
            self._all_passing += size
            self._most_passing = max(self._most_passing, self._all_passing)


class _Part:
    """What is held by blocks of some sizes, and what it was at the most."""

    def __init__(self) -> None:
        self.now: Counter[str] = Counter()
        self.total = 0
        self.restart()

    def restart(self) -> None:
        self.most, self.kinds = self.total, self.now.copy()

    def add(self, kind: str, size: int) -> None:
        self.now[kind] += size
        self.total += size
        if self.total > self.most:
            self.most, self.kinds = self.total, self.now.copy()


def _places(indices: Iterable[Tensor | None]) -> list[Tensor | None]:
    """Return where masks are true, as numbers: how many places a mask has, its data alone tell."""
    found: list[Tensor | None] = []
    for index in indices:
        is_mask = index is not None and index.dtype == torch.bool and not isinstance(index, FakeTensor)
        found += index.nonzero(as_tuple=True) if is_mask and index is not None else [index]
    return found


def shape_mode() -> FakeTensorMode:
    """Return the mode of tensors without data, in which tensors with data may meet them."""
    return FakeTensorMode(allow_non_fake_inputs=True)
