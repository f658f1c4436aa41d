"""Who answers the questions whose pass rate is wanted: a server, or a model in this process."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Literal

from typing_extensions import override

from revisual.client.budget import Budget
from revisual.client.pictures import PixelBounds
from revisual.client.request import Decoding
from revisual.client.retries import Retries
from revisual.client.server import Server
from revisual.core.ranges import Count, PositiveFraction, PositiveInt, PositiveTemperature, Ranged, Seconds, check_order
from revisual.data.prompting import AUTO, resolve_system_prompt
from revisual.evaluation.responder import Responder, ServerResponder


@dataclass(frozen=True, kw_only=True)
class Solver(Ranged, ABC):
    """A model and the way it is asked. Implemented as frozen dataclasses.

    Args:
        system_prompt: the first turn; null for none; auto is what the model's export was trained with, else
            ReVisual-R1's.
        temperature: of the answers, which must differ to say anything: not 0.
        top_p: the share of probability that is sampled from.
        max_tokens: of one answer; one that is cut commits to nothing, and counts as wrong.
        min_pixels: of a picture, smaller ones are resized to it; by default a server gets pictures as they are, unless
            max_pixels is given, and a model in this process takes the bounds of its processor.
        max_pixels: of a picture, larger ones are resized to it; by default likewise.
    """

    system_prompt: str | None = AUTO
    temperature: PositiveTemperature = 1.0
    top_p: PositiveFraction = 0.95
    max_tokens: PositiveInt = 8192
    min_pixels: PositiveInt | None = None
    max_pixels: PositiveInt | None = None

    def __post_init__(self) -> None:
        """Settle the system prompt, which is part of what the answers are known by."""
        super().__post_init__()
        check_order(self, "min_pixels", "max_pixels")
        object.__setattr__(self, "system_prompt", resolve_system_prompt(self.system_prompt, self.name))

    @property
    @abstractmethod
    def name(self) -> str:
        """The model's name."""

    @abstractmethod
    def responder(self) -> Responder:
        """Return the responder, made when it is first needed."""

    @property
    def decoding(self) -> Decoding:
        """The way in which answers are sampled."""
        return Decoding(self.temperature, self.top_p, max_tokens=self.max_tokens)

    @property
    def bounds(self) -> PixelBounds:
        """The bounds of pictures' sizes."""
        return PixelBounds(self.min_pixels, self.max_pixels)


@dataclass(frozen=True, kw_only=True)
class ServerSolver(Solver):
    """A model behind a server with OpenAI's chat interface, such as `vllm serve`.

    Example: `ServerSolver(base_url="http://localhost:8000/v1", model="Qwen/Qwen2.5-VL-7B-Instruct")`

    Args:
        base_url: without `/chat/completions`.
        model: the name that the server knows.
        key_env: the environment variable that holds the key.
        concurrency: requests at once.
        timeout: seconds that the server may be silent.
        attempts: how often a request is sent that gets no answer.
        stream: take answers piece by piece.
        max_requests: stop after so many, attempts included; the same command goes on.
        max_total_tokens: stop after so many tokens of prompts and answers.
    """

    model: str
    base_url: str = field(default="http://localhost:8000/v1", compare=False)
    key_env: str = field(default="OPENAI_API_KEY", compare=False)
    concurrency: Count = field(default=64, compare=False)
    timeout: Seconds = field(default=600.0, compare=False)
    attempts: Count = field(default=6, compare=False)
    stream: bool = field(default=False, compare=False)
    max_requests: PositiveInt | None = field(default=None, compare=False)
    max_total_tokens: PositiveInt | None = field(default=None, compare=False)

    @property
    @override
    def name(self) -> str:
        return self.model

    @override
    def responder(self) -> Responder:
        retries = Retries(attempts=self.attempts)
        server = Server(self.base_url, self.model, self.key_env, self.concurrency, self.timeout, self.stream, retries)
        return ServerResponder(server, self.decoding, Budget(self.max_requests, self.max_total_tokens))


@dataclass(frozen=True, kw_only=True)
class PolicySolver(Solver):
    """A model in this process, on the first GPU if there is one.

    Example: `PolicySolver(path="out/quickstart/01_cold_start/export", max_tokens=64)`

    Args:
        path: a Hugging Face folder or a name on the hub.
        rows: answers at once.
        dtype: of the weights; auto is bfloat16 on a GPU, else float32.
    """

    path: str
    rows: Count = field(default=32, compare=False)
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"

    @property
    @override
    def name(self) -> str:
        return self.path

    @override
    def responder(self) -> Responder:
        # Imported here: a server's client needs no torch, which takes seconds to import.
        from revisual.evaluation.policy_responder import load_responder

        return load_responder(self.path, self.decoding, self.rows, self.dtype, self.min_pixels, self.max_pixels)
