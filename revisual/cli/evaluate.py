"""`revisual evaluate`: asks a model the questions of benchmarks, and grades its answers."""

from pathlib import Path
from typing import Literal

from revisual.cli.command import GOES_ON, FunctionCommand
from revisual.cli.evaluation.options import AnswerOptions, JudgeOptions, QuestionOptions, ServerOptions
from revisual.cli.options import Flattened
from revisual.cli.policy_options import PolicyOptions
from revisual.cli.progress import TerminalProgress
from revisual.cli.tables import show_metrics
from revisual.client.pictures import PixelBounds
from revisual.config.parts import BENCHMARKS, SAMPLES
from revisual.evaluation.evaluation import Evaluation
from revisual.evaluation.questions import Asking
from revisual.evaluation.responder import Responder
from revisual.evaluation.results import REPORT, Rules
from revisual.evaluation.runner import require_data
from revisual.evaluation.selection import choose_benchmarks, choose_preset, contradiction
from revisual.grading.grader import AnswerGrader
from revisual.grading.requirements import EVALUATION


def evaluate(
    *,
    model: str,
    out: Path,
    cache: Path | None = None,
    rules: Rules = "project",
    questions: Flattened[QuestionOptions],
    answers: Flattened[AnswerOptions],
    pixels: Flattened[PixelBounds],
    server: Flattened[ServerOptions],
    policy: Flattened[PolicyOptions],
    engine: Literal["auto", "transformers", "vllm"] = "auto",
    judge: Flattened[JudgeOptions],
) -> None:
    """Evaluate a model on benchmarks. The same command goes on where an earlier call was stopped.

    Args:
        model: the name that the server knows, or without base_url a Hugging Face folder or hub name.
        out: folder for results.jsonl, metrics.json, report.html and answers/.
        cache: folder for the responses as they arrive, from which a later call takes them; by default answers/ in out.
        rules: which rules make the figures: the project's grader, or the benchmarks' own, faults included.
        questions: what is asked.
        answers: how it is asked, and how answers are drawn.
        pixels: how many a picture has.
        server: what answers, where it has an address.
        policy: what answers, where there is no server.
        engine: what answers without base_url; auto is vLLM where it is installed and there is a GPU.
        judge: what judges where the rules cannot.
    """
    asked = choose_benchmarks(questions.benchmarks, questions.custom or ())
    preset = choose_preset(answers.preset, model)
    if (told := contradiction(preset, model)) is not None:
        print(told, flush=True)
    decoding, asking = answers.decoding(preset), Asking(preset, answers.n, answers.seed, pixels)
    judging = judge.judge(server.concurrency, server.timeout)
    responder: Responder | None = server.responder(model, decoding)
    answered_by = "server"
    require_data(asked, questions.data)
    if responder is None:
        responder = local = policy.responder(model, decoding, pixels, engine)
        answered_by = type(local.engine).__name__
    settings = {"model": model, "base_url": server.base_url, **asking.settings(), **decoding.settings()}
    settings |= {"limit": questions.limit, "rules": rules, "engine": answered_by, "judge": judge.judge_model}
    evaluation = Evaluation(
        asked,
        questions.data,
        questions.limit,
        asking,
        responder,
        AnswerGrader(requirements=EVALUATION),
        judging,
        rules,
        out,
        TerminalProgress(),
        cache,
    )
    results = evaluation.run(settings)
    show_metrics([one.metrics for one in results.measured])
    print(out / REPORT)


COMMAND = FunctionCommand(evaluate, (*SAMPLES, *BENCHMARKS), GOES_ON)
