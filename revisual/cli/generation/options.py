"""What is asked, and how answers are drawn: options that belong together."""

from dataclasses import dataclass
from pathlib import Path

from revisual.client.request import Decoding
from revisual.core.errors import UserError
from revisual.core.ranges import Count, NonNegativeInt, PositiveFraction, PositiveInt, Seed, Temperature
from revisual.data.images import ImageSource
from revisual.data.prompting import Prompting, read_prompting
from revisual.data.sample import Sample

OTHERWISE = Prompting(None, temperature=0.6, top_p=0.95)
"""How answers are drawn where the model's folder does not say."""


@dataclass(frozen=True)
class QuestionOptions:
    """What is asked.

    Args:
        question: what to ask.
        image: pictures, in order.
        questions: a file of questions, in place of a question.
        out: the file where their answers go.
    """

    question: str | None = None
    image: list[Path] | None = None
    questions: Path | None = None
    out: Path | None = None

    def __post_init__(self) -> None:
        if (self.question is None) == (self.questions is None):
            raise UserError("give --question TEXT or --questions FILE.jsonl, and only one of them")
        if (self.questions is None) != (self.out is None):
            raise UserError("--questions and --out go together")
        if self.questions is not None and self.image:
            raise UserError('--image goes with --question; in a file, pictures stand under "images"')
        missing = [path for path in self.image or () if not path.is_file()]
        if missing:
            raise UserError(f"--image: {missing[0]}: no such file")

    def sample(self) -> Sample:
        """Return the one question with its pictures."""
        paths = [path.resolve() for path in self.image or ()]
        images = [ImageSource(path=path.name, root=path.parent) for path in paths]
        return Sample("question", self.question or "", images=images)


@dataclass(frozen=True)
class DrawingOptions:
    """How answers are drawn.

    Args:
        max_tokens: of one answer, thoughts included.
        do_sample: draw tokens at random instead of taking the likeliest.
        temperature: with do_sample; by default as the model's export was measured, else 0.6.
        top_p: the share of probability that is sampled from, with do_sample; by default likewise, else 0.95.
        top_k: how many of the likeliest tokens are sampled from, with do_sample; by default likewise; 0 keeps all.
        n: answers per question.
        seed: of the random draws.
    """

    max_tokens: PositiveInt = 4096
    do_sample: bool = False
    temperature: Temperature | None = None
    top_p: PositiveFraction | None = None
    top_k: NonNegativeInt | None = None
    n: Count = 1
    seed: Seed = 0

    def decoding(self, model: str) -> Decoding:
        """Return how a model's answers are drawn; what is not given is as its folder says.

        Raises:
            UserError: a setting contradicts another.
        """
        if not self.do_sample:
            if self.n > 1:
                raise UserError("--n: without --do_sample all answers would be the same")
            return Decoding(temperature=0.0, max_tokens=self.max_tokens)
        known = read_prompting(model)
        otherwise = known if known is not None and known.temperature > 0 else OTHERWISE
        temperature = otherwise.temperature if self.temperature is None else self.temperature
        if temperature == 0:
            raise UserError("--temperature: 0 draws nothing; leave --do_sample out")
        top_p = otherwise.top_p if self.top_p is None else self.top_p
        top_k = otherwise.top_k if self.top_k is None else self.top_k
        return Decoding(temperature, top_p, top_k, self.max_tokens)
