"""`revisual evaluate`: asks a model the questions of benchmarks, and grades its answers."""

from pathlib import Path
from typing import Any, Literal

from revisual.cli.command import GOES_ON, FunctionCommand
from revisual.cli.progress import TerminalProgress
from revisual.cli.tables import show_metrics
from revisual.client.budget import Budget
from revisual.client.pictures import PixelBounds
from revisual.client.request import Decoding
from revisual.client.server import Server
from revisual.config.parts import BENCHMARKS, SAMPLES
from revisual.core.errors import UserError
from revisual.core.ranges import Count, NonNegativeInt, PositiveFraction, PositiveInt, Seconds, Seed, Temperature
from revisual.evaluation.benchmark import Benchmark
from revisual.evaluation.evaluation import Evaluation
from revisual.evaluation.judge_model import ModelJudge
from revisual.evaluation.presets import Preset
from revisual.evaluation.questions import Asking
from revisual.evaluation.responder import Responder, ServerResponder
from revisual.evaluation.results import REPORT, Rules
from revisual.evaluation.selection import choose_benchmarks, choose_preset, contradiction
from revisual.grading.grader import AnswerGrader
from revisual.grading.requirements import EVALUATION


def evaluate(
    *,
    model: str,
    out: Path,
    benchmarks: str = "",
    custom: list[Benchmark] | None = None,
    data: Path | None = None,
    base_url: str | None = None,
    key_env: str = "OPENAI_API_KEY",
    preset: str | None = None,
    n: Count = 1,
    temperature: Temperature | None = None,
    top_p: PositiveFraction | None = None,
    top_k: NonNegativeInt = 0,
    max_tokens: PositiveInt = 8192,
    extra: dict[str, Any] | None = None,
    seed: Seed = 0,
    limit: PositiveInt | None = None,
    rules: Rules = "project",
    min_pixels: PositiveInt | None = None,
    max_pixels: PositiveInt | None = None,
    concurrency: Count = 16,
    timeout: Seconds = 600.0,
    stream: bool = False,
    max_requests: PositiveInt | None = None,
    max_total_tokens: PositiveInt | None = None,
    rows: Count = 32,
    dtype: Literal["auto", "float32", "bfloat16"] = "auto",
    engine: Literal["auto", "transformers", "vllm"] = "auto",
    judge_url: str | None = None,
    judge_model: str | None = None,
    judge_key_env: str = "JUDGE_API_KEY",
    judge_checks: NonNegativeInt = 30,
) -> None:
    """Evaluate a model on benchmarks. The same command goes on where an earlier call was stopped.

    Args:
        model: the name that the server knows, or without base_url a Hugging Face folder or hub name.
        out: folder for results.jsonl, metrics.json, report.html and answers/.
        benchmarks: names, with commas between them.
        custom: further benchmarks by class_path, in a config.
        data: folder that holds the benchmarks' data; without it they are loaded from the hub.
        base_url: of a server with OpenAI's chat interface, e.g. http://localhost:8000/v1.
        key_env: the environment variable that holds the server's key.
        preset: system prompt and sampling: trained (as the model's export says), revisual_r1, vision_r1 or official
            (the benchmark's prompt alone); by default trained where the model is such a folder, else revisual_r1.
        n: answers per question.
        temperature: by default the preset's; 0 takes the likeliest token.
        top_p: by default the preset's.
        top_k: 0 keeps all tokens.
        max_tokens: of one answer.
        extra: further settings that go to the server as they are.
        seed: of the answers.
        limit: ask only the first so many questions of each benchmark.
        rules: which rules make the figures: the project's grader, or the benchmarks' own, faults included.
        min_pixels: of a picture, which is resized to it; by default pictures are sent as they are.
        max_pixels: likewise.
        concurrency: requests at once.
        timeout: seconds that a server may be silent.
        stream: take answers piece by piece.
        max_requests: stop after so many requests, attempts included.
        max_total_tokens: stop after so many tokens of prompts and answers.
        rows: answers at once, without base_url.
        dtype: of the weights, without base_url; auto is bfloat16 on a GPU, else float32.
        engine: what answers without base_url; auto is vLLM where it is installed and there is a GPU.
        judge_url: of a server whose model judges what the rules cannot decide.
        judge_model: that model's name.
        judge_key_env: the environment variable that holds that server's key, never the one of key_env unasked.
        judge_checks: how many decided answers per benchmark it is shown, to see how often it disagrees.
    """
    asked = choose_benchmarks(benchmarks, custom or ())
    way = choose_preset(preset, model)
    if (told := contradiction(way, model)) is not None:
        print(told, flush=True)
    decoding = _decoding(way, temperature, top_p, top_k, max_tokens, extra or {})
    asking = Asking(way, n, seed, PixelBounds(min_pixels, max_pixels))
    judge = _judge(judge_url, judge_model, judge_key_env, judge_checks, concurrency, timeout)
    responder: Responder
    answered_by = "server"
    if base_url is not None:
        server = Server(base_url, model, key_env, concurrency, timeout, stream)
        responder = ServerResponder(server, decoding, Budget(max_requests, max_total_tokens))
    else:
        # Imported here: a server's client needs no torch, which takes seconds to import.
        from revisual.evaluation.policy_responder import load_responder

        local = load_responder(model, decoding, rows, dtype, min_pixels, max_pixels, engine)
        responder, answered_by = local, type(local.engine).__name__
    settings = {"model": model, "base_url": base_url, "preset": way.name, "n": n, **decoding.settings(), "seed": seed}
    settings |= {
        "limit": limit,
        "rules": rules,
        "engine": answered_by,
        "min_pixels": min_pixels,
        "max_pixels": max_pixels,
    }
    evaluation = Evaluation(
        asked,
        data,
        limit,
        asking,
        responder,
        AnswerGrader(requirements=EVALUATION),
        judge,
        rules,
        out,
        TerminalProgress(),
    )
    results = evaluation.run(settings | {"judge": judge_model})
    show_metrics([one.metrics for one in results.measured])
    print(out / REPORT)


def _decoding(
    preset: Preset,
    temperature: Temperature | None,
    top_p: PositiveFraction | None,
    top_k: NonNegativeInt,
    max_tokens: PositiveInt,
    extra: dict[str, Any],
) -> Decoding:
    """Return the decoding of the options; what is not given is the preset's."""
    return Decoding(
        preset.temperature if temperature is None else temperature,
        preset.top_p if top_p is None else top_p,
        top_k,
        max_tokens,
        extra,
    )


def _judge(
    url: str | None, model: str | None, key_env: str, checks: int, concurrency: Count, timeout: Seconds
) -> ModelJudge | None:
    if url is None and model is None:
        return None
    if url is None or model is None:
        raise UserError("judge_url and judge_model go together: one is given, the other is not")
    server = Server(url, model, key_env, concurrency, timeout)
    return ModelJudge(ServerResponder(server, Decoding(max_tokens=4096)), checks)


COMMAND = FunctionCommand(evaluate, (*SAMPLES, *BENCHMARKS), GOES_ON)
