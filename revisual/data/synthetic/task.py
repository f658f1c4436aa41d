"""What the generated tasks share: a seeded stream of questions, dealt into splits by what they ask."""

import random
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from PIL.Image import Image
from typing_extensions import override

from revisual.core.ranges import Below1, PositiveInt, Seed
from revisual.core.seeds import stable_seed
from revisual.data.images import ImageSource
from revisual.data.readers import SampleReader
from revisual.data.sample import Sample
from revisual.data.synthetic.overthinking import repeat_with_doubts

Split = Literal["train", "validation", "test"]

_SPLITS: tuple[Split, ...] = ("train",) * 6 + ("validation", "test", "test", "test")


@dataclass(frozen=True)
class Question:
    """One generated question. `key` holds everything that a picture and a text say: equal keys, equal questions."""

    key: str
    text: str
    answer: str
    solution: str
    picture: Image | None = None


@dataclass(frozen=True)
class SyntheticTask(SampleReader):
    """Different questions of one split.

    A question's split follows from a hash of its key: no question is in two splits, whatever the seeds and counts.
    """

    count: PositiveInt = 1000
    """How many questions."""
    split: Split = "train"
    """Which questions: no two splits have one in common."""
    seed: Seed = 0
    """Of the random draws."""
    prefix: str = ""
    """Put in front of every question."""
    doubt: Below1 = 0.0
    """Probability that a thought is gone through once more: above 0, solutions are longer than they need be."""

    name: ClassVar[str] = "synthetic"

    @property
    @override
    def label(self) -> str:
        return f"{self.name} ({self.split})"

    @abstractmethod
    def question(self, rng: random.Random) -> Question:
        """Return a random question."""

    def __call__(self) -> Iterator[Sample]:
        """Yield the questions; the same ones for the same arguments."""
        rng = random.Random(stable_seed(self.name, self.split, self.seed))
        seen: set[str] = set()
        misses = 0
        while len(seen) < self.count:
            question = self.question(rng)
            if question.key in seen or _SPLITS[stable_seed(self.name, question.key) % len(_SPLITS)] != self.split:
                misses += 1
                if misses > 1000 * (self.count + 1):
                    raise ValueError(f"{self.name}: there are no {self.count} different questions in {self.split}")
                continue
            seen.add(question.key)
            yield Sample(
                id=f"{self.name}-{self.split}-{self.seed}-{len(seen)}",
                question=self.prefix + question.text,
                answer=question.answer,
                source=self.name,
                images=[ImageSource(image=question.picture)] if question.picture is not None else [],
                solution=repeat_with_doubts(
                    question.solution, self.doubt, random.Random(stable_seed(question.key, self.seed))
                ),
            )
