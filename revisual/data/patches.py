"""Pictures' patches, made once for a prompt's rollouts and the update on them."""

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from revisual.data.prompt import EncodedPrompt

Patches = Mapping[str, Tensor]


@dataclass
class PatchStore:
    """Keeps the patches of prompts for as long as the prompts themselves are in use, up to `limit` bytes.

    Rollouts, the check of the engine, old log-probs and the update of a step go through the same prompts, one after
    the other: a store that let go of what was asked for longest ago would have let go of each when it is asked again.
    So beyond the limit, patches are made anew, and what is kept stays.

    Args:
        make: makes a prompt's patches.
        limit: patches take 8 times the bytes of the picture, in bfloat16 4 times.
    """

    make: Callable[[EncodedPrompt], Patches]
    limit: int = 4 << 30
    _kept: dict[int, tuple[weakref.ref[EncodedPrompt], Patches]] = field(default_factory=dict)

    def __call__(self, prompt: EncodedPrompt) -> Patches:
        """Return the prompt's patches."""
        found = self._kept.get(id(prompt))
        if found is not None and found[0]() is prompt:
            return found[1]
        patches = self.make(prompt)
        if self.bytes + size(patches) <= self.limit:
            kept, key = self._kept, id(prompt)
            kept[key] = weakref.ref(prompt, lambda gone: _drop(kept, key, gone)), patches
        return patches

    @property
    def bytes(self) -> int:
        """The size of what is kept."""
        return sum(size(patches) for _, patches in self._kept.values())

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is kept: processes that get a copy start with nothing."""
        return {**vars(self), "_kept": {}}


def _drop(kept: dict[int, Any], key: int, gone: Any) -> None:
    if key in kept and kept[key][0] is gone:
        del kept[key]


def size(patches: Patches) -> int:
    """Return the bytes of patches."""
    return sum(value.numel() * value.element_size() for value in patches.values())
