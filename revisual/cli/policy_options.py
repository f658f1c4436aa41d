"""Options of a model that answers in this process."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from revisual.client.pictures import PixelBounds
from revisual.client.request import Decoding
from revisual.core.ranges import Count

if TYPE_CHECKING:
    from revisual.evaluation.policy_responder import PolicyResponder


@dataclass(frozen=True)
class PolicyOptions:
    """A model that answers in this process.

    Args:
        rows: answers at once.
        dtype: of the weights; auto is bfloat16 on a GPU, else float32.
    """

    rows: Count = 32
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"

    def responder(
        self,
        model: str,
        decoding: Decoding,
        pixels: PixelBounds,
        engine: Literal["auto", "transformers", "vllm"] = "transformers",
    ) -> "PolicyResponder":
        """Load the model."""
        # Imported here: --help, mistakes and a server's client need no torch, which takes seconds to import.
        from revisual.evaluation.policy_responder import load_responder

        return load_responder(model, decoding, self.rows, self.dtype, pixels.min_pixels, pixels.max_pixels, engine)
