"""A source of questions: where it is read from, and what is known of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from revisual.core.errors import UserError
from revisual.core.ranges import NonNegativeInt
from revisual.data.readers.base import SampleReader
from revisual.data.sample import Sample
from revisual.grading.rules.boxes import find_boxed


@dataclass(frozen=True)
class Source:
    r"""One source of questions.

    Example: `Source("gsm8k", JSONLReader("gsm8k/train.jsonl"), licence="MIT", modality="text")`

    Args:
        name: what its samples are counted by, in place of the reader's `source`.
        reader: what reads it; without one it is a row of the table that cannot be read yet.
        licence: as its publisher states it; "unknown" where that was not found.
        modality: whether its questions have pictures.
        hub: its name on the Hugging Face hub.
        size: about how many questions it has.
        answer_in_box: the answer column holds a worked solution, in which the last `\boxed{}` is the answer; without
            one, the sample has no answer.
        verified: whether name, columns and licence were checked against what the publisher or its users wrote.
        checked: where.
        note: what a user should know.
    """

    name: str
    reader: SampleReader | None = None
    licence: str = "unknown"
    modality: Literal["text", "pictures", "both"] = "text"
    hub: str | None = None
    size: NonNegativeInt | None = None
    answer_in_box: bool = False
    verified: bool = False
    checked: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if not self.name.replace("-", "").replace("_", "").replace(".", "").isalnum() or self.name.startswith("."):
            raise UserError(f"sources: {self.name!r} cannot be a folder's name")

    def samples(self, read: Iterable[Sample]) -> Iterator[Sample]:
        """Yield the reader's samples, under this source's name and with their answers extracted."""
        for sample in read:
            answer = sample.answer
            if self.answer_in_box:
                box = find_boxed(answer)
                answer = "" if box is None else box.text
            yield replace(sample, source=self.name, answer=answer)

    def readable(self) -> SampleReader:
        """Return the reader.

        Raises:
            UserError: there is none; says what is known.
        """
        if self.reader is None:
            raise UserError(f"sources: {self.name} has no reader: {self.note or 'give it one in the config'}")
        return self.reader
