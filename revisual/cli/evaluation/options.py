"""What is asked of whom, and who judges: options that belong together."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from revisual.client.budget import Budget
from revisual.client.request import Decoding
from revisual.client.retries import Retries
from revisual.client.server import Server
from revisual.core.errors import UserError
from revisual.core.ranges import Count, NonNegativeInt, PositiveFraction, PositiveInt, Seconds, Seed, Temperature
from revisual.evaluation.benchmark import Benchmark
from revisual.evaluation.judge_model import ModelJudge
from revisual.evaluation.presets import Preset
from revisual.evaluation.responder import ServerResponder


@dataclass(frozen=True)
class QuestionOptions:
    """What is asked.

    Args:
        benchmarks: names, with commas between them, or all.
        custom: further benchmarks by class_path, in a config.
        data: folder that holds the benchmarks' data; without it they are loaded from the hub.
        limit: ask only the first so many questions of each benchmark.
    """

    benchmarks: str = ""
    custom: list[Benchmark] | None = None
    data: Path | None = None
    limit: PositiveInt | None = None


@dataclass(frozen=True)
class AnswerOptions:
    """How it is asked, and how answers are drawn.

    Args:
        preset: system prompt and sampling: trained (as the model's export says), revisual_r1, vision_r1 or official
            (the benchmark's prompt alone); by default trained where the model is such a folder, else revisual_r1.
        n: answers per question.
        temperature: by default the preset's; 0 takes the likeliest token.
        top_p: the share of probability that is sampled from; by default the preset's.
        top_k: how many of the likeliest tokens are sampled from; 0 keeps all.
        max_tokens: of one answer, thoughts included.
        extra: further settings that go to the server as they are.
        seed: of the answers.
    """

    preset: str | None = None
    n: Count = 1
    temperature: Temperature | None = None
    top_p: PositiveFraction | None = None
    top_k: NonNegativeInt = 0
    max_tokens: PositiveInt = 8192
    extra: dict[str, Any] | None = None
    seed: Seed = 0

    def decoding(self, preset: Preset) -> Decoding:
        """Return how answers are drawn; what is not given is the preset's."""
        return Decoding(
            preset.temperature if self.temperature is None else self.temperature,
            preset.top_p if self.top_p is None else self.top_p,
            self.top_k,
            self.max_tokens,
            self.extra or {},
        )


@dataclass(frozen=True)
class ServerOptions:
    """A server that answers.

    Args:
        base_url: of a server with OpenAI's chat interface, e.g. http://localhost:8000/v1; without it the model answers
            in this process.
        key_env: the environment variable that holds the server's key.
        concurrency: requests at once.
        timeout: seconds that a server may be silent.
        stream: take answers piece by piece.
        max_retries: how often a request that failed is sent again.
        max_requests: stop after so many requests, attempts included.
        max_total_tokens: stop after so many tokens of prompts and answers.
    """

    base_url: str | None = None
    key_env: str = "OPENAI_API_KEY"
    concurrency: Count = 16
    timeout: Seconds = 600.0
    stream: bool = False
    max_retries: NonNegativeInt = 5
    max_requests: PositiveInt | None = None
    max_total_tokens: PositiveInt | None = None

    def responder(self, model: str, decoding: Decoding) -> ServerResponder | None:
        """Return the server as what answers; None where no address is given."""
        if self.base_url is None:
            return None
        retries = Retries(attempts=self.max_retries + 1)
        server = Server(self.base_url, model, self.key_env, self.concurrency, self.timeout, self.stream, retries)
        return ServerResponder(server, decoding, Budget(self.max_requests, self.max_total_tokens))


@dataclass(frozen=True)
class JudgeOptions:
    """A model that judges what the rules cannot decide.

    Args:
        judge_url: of its server, which takes as many requests at once, and may be silent as long, as the other.
        judge_model: its name.
        judge_key_env: the environment variable that holds that server's key, never the one of key_env unasked.
        judge_checks: how many decided answers per benchmark it is shown, to see how often it disagrees.
    """

    judge_url: str | None = None
    judge_model: str | None = None
    judge_key_env: str = "JUDGE_API_KEY"
    judge_checks: NonNegativeInt = 30

    def judge(self, concurrency: Count, timeout: Seconds) -> ModelJudge | None:
        """Return what judges; None where no model is given.

        Raises:
            UserError: only one of the address and the model is given.
        """
        if self.judge_url is None and self.judge_model is None:
            return None
        if self.judge_url is None or self.judge_model is None:
            raise UserError("judge_url and judge_model go together: one is given, the other is not")
        server = Server(self.judge_url, self.judge_model, self.judge_key_env, concurrency, timeout)
        return ModelJudge(ServerResponder(server, Decoding(max_tokens=4096)), self.judge_checks)
