"""Pictures' patches, made once for a prompt's rollouts and the update on them."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from revisual.data.prompt import EncodedPrompt

Patches = Mapping[str, Tensor]


@dataclass
class PatchStore:
    """Keeps the patches of the prompts that were asked for last, up to `limit` bytes.

    Generation and the update of a step ask for the same prompts; patches take 8 times the bytes of the picture.
    """

    make: Callable[[EncodedPrompt], Patches]
    limit: int = 1 << 30
    _kept: OrderedDict[str, tuple[EncodedPrompt, Patches]] = field(default_factory=OrderedDict)
    _bytes: int = 0

    def __call__(self, prompt: EncodedPrompt) -> Patches:
        """The prompt's patches."""
        found = self._kept.pop(prompt.id, None)
        if found is not None and found[0] is not prompt:  # an id of a prompt that was made anew
            self._bytes -= size(found[1])
            found = None
        if found is None:
            found = prompt, self.make(prompt)
            self._bytes += size(found[1])
        self._kept[prompt.id] = found
        while self._bytes > self.limit and self._kept:
            _, (_, patches) = self._kept.popitem(last=False)
            self._bytes -= size(patches)
        return found[1]

    def __getstate__(self) -> dict[str, Any]:
        """Processes that get a copy start with nothing kept."""
        return {**vars(self), "_kept": OrderedDict(), "_bytes": 0}


def size(patches: Patches) -> int:
    """In bytes."""
    return sum(value.numel() * value.element_size() for value in patches.values())
