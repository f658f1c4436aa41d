"""The one form that all data takes."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from PIL.Image import Image

from revisual.core.seeds import stable_seed
from revisual.data.images import ImageSource
from revisual.data.turns import text_of

UNNAMED = "unnamed"
"""Stands in names of metrics for the source of samples that have none."""
ALL = "all"
"""Stands there for all sources together."""


@dataclass(frozen=True)
class Sample:
    """A question, its pictures and its gold answer.

    Example: `Sample(id="gsm8k_0", question="What is 6 * 7?", answer="42", source="gsm8k", solution="6 * 7 = 42")`
    """

    id: str
    question: str = ""
    answer: str = ""
    source: str = ""
    images: Sequence[ImageSource] = ()
    """Opened when they are needed, by `load_images`."""
    choices: Sequence[str] | None = None
    solution: str | None = None
    """A worked solution: the thoughts of a cold start."""
    messages: Sequence[Mapping[str, Any]] | None = None
    """A conversation in chat-template form, in place of `question`; its pictures, in order, are `images`.

    A last turn of the assistant is no part of what is asked: it is the response that fine-tuning teaches.
    """
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def asked(self) -> str:
        """The question, or what the conversation's user says last."""
        said = [text_of(turn) for turn in self.messages or () if turn["role"] == "user"]
        return self.question or (said[-1] if said else "")

    def load_images(self) -> list[Image]:
        """Return the pictures, opened and converted to RGB.

        Raises:
            UserError: a picture is missing, corrupt or outside the data folder; names the sample and the file.
        """
        return [image.load(self.id) for image in self.images]


def prompt_key(sample: Sample) -> int:
    """Return what a sample is known by in every run over the same data; ids are unique within a source only."""
    return stable_seed(sample.source, sample.id)


def count_sources(samples: Iterable[Sample]) -> dict[str, int]:
    """Return the number of samples of each source and of all, by their names in metrics.

    Example: `count_sources([Sample("1"), Sample("2", source="sums")]) == {"unnamed": 1, "sums": 1, "all": 2}`
    """
    counts = Counter(sample.source or UNNAMED for sample in samples)
    return {**counts, ALL: counts.total()}
