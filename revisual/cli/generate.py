"""`revisual generate`: answers questions about pictures, on the terminal or from a file."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from revisual.cli.command import FunctionCommand
from revisual.client.request import Decoding
from revisual.core.errors import UserError
from revisual.core.ranges import Count, NonNegativeInt, PositiveFraction, PositiveInt, Seed, Temperature
from revisual.data.images import ImageSource
from revisual.data.prompting import AUTO, Prompting, read_prompting, resolve_system_prompt
from revisual.data.sample import Sample

OTHERWISE = Prompting(None, temperature=0.6, top_p=0.95)
"""How answers are drawn where the model's folder does not say."""


def generate(
    *,
    model: str,
    question: str | None = None,
    image: list[Path] | None = None,
    questions: Path | None = None,
    out: Path | None = None,
    prompt: str | None = AUTO,
    max_tokens: PositiveInt = 4096,
    do_sample: bool = False,
    temperature: Temperature | None = None,
    top_p: PositiveFraction | None = None,
    top_k: NonNegativeInt | None = None,
    n: Count = 1,
    seed: Seed = 0,
    rows: Count = 16,
    dtype: Literal["auto", "float32", "bfloat16"] = "auto",
    min_pixels: PositiveInt | None = None,
    max_pixels: PositiveInt | None = None,
) -> None:
    """Answer a question, perhaps about pictures, as the words come: thoughts dimmed, and at last the answer in a box.

    Or answer all questions of a JSONL file ("question", and perhaps "id", "images", "choices", "answer"); a killed
    call goes on where it was.

    Args:
        model: Hugging Face folder or hub name.
        question: what to ask.
        image: pictures, in order.
        questions: a file of questions, in place of a question.
        out: the file where their answers go.
        prompt: the system prompt; auto is what the model's export was trained with, else ReVisual-R1's; '' for none.
        max_tokens: of one answer.
        do_sample: draw tokens at random instead of taking the likeliest.
        temperature: with do_sample; by default as the model's export was measured, else 0.6.
        top_p: with do_sample; likewise, else 0.95.
        top_k: with do_sample; likewise; 0 keeps all tokens.
        n: answers per question.
        seed: of the random draws.
        rows: answers at once, from a file.
        dtype: of the weights; auto is bfloat16 on a GPU, else float32.
        min_pixels: of a picture; by default the model's.
        max_pixels: of a picture; by default the model's.
    """
    images = image or []
    _check(question, images, questions, out)
    known = read_prompting(model)
    drawn = known if known is not None and known.temperature > 0 else OTHERWISE
    decoding = make_decoding(
        do_sample,
        n,
        drawn.temperature if temperature is None else temperature,
        drawn.top_p if top_p is None else top_p,
        drawn.top_k if top_k is None else top_k,
        max_tokens,
    )
    missing = [path for path in images if not path.is_file()]
    if missing:
        raise UserError(f"--image: {missing[0]}: no such file")
    # Imported here: --help and mistakes need not wait for torch.
    from revisual.cli.generation.live import answer_on_terminal
    from revisual.cli.generation.questions_file import answer_file
    from revisual.cli.progress import TerminalProgress
    from revisual.evaluation.policy_responder import load_responder
    from revisual.grading.grader import AnswerGrader

    responder = load_responder(model, decoding, rows, dtype, min_pixels, max_pixels)
    encoder = replace(responder.encoder, system_prompt=resolve_system_prompt(prompt, model))
    grader = AnswerGrader()
    if questions is not None and out is not None:
        count = answer_file(questions, out, responder, encoder, grader, n, seed, TerminalProgress())
        print(f"{count} answers in {out}")
    else:
        answer_on_terminal(responder.policy, encoder, sample_of(question or "", images), decoding, grader, n, seed)


def _check(question: str | None, images: Sequence[Path], questions: Path | None, out: Path | None) -> None:
    """Check that what is asked is given once.

    Raises:
        UserError: options are missing or contradict each other.
    """
    if (question is None) == (questions is None):
        raise UserError("give --question TEXT or --questions FILE.jsonl, and only one of them")
    if (questions is None) != (out is None):
        raise UserError("--questions and --out go together")
    if questions is not None and images:
        raise UserError('--image goes with --question; in a file, pictures stand under "images"')


def make_decoding(
    do_sample: bool,
    n: Count,
    temperature: Temperature,
    top_p: PositiveFraction,
    top_k: NonNegativeInt,
    max_tokens: PositiveInt,
) -> Decoding:
    """Return how answers are drawn.

    Raises:
        UserError: a setting is out of range, or contradicts another.
    """
    if n < 1:
        raise UserError(f"--n: {n} is less than 1")
    if n > 1 and not do_sample:
        raise UserError("--n: without --do_sample all answers would be the same")
    if not do_sample:
        return Decoding(temperature=0.0, max_tokens=max_tokens)
    if temperature == 0:
        raise UserError("--temperature: 0 draws nothing; leave --do_sample out")
    return Decoding(temperature, top_p, top_k, max_tokens)


def sample_of(question: str, images: Sequence[Path]) -> Sample:
    """Return the question with its pictures."""
    return Sample(
        "question",
        question,
        images=[ImageSource(path=path.name, root=path.parent) for path in map(Path.resolve, images)],
    )


COMMAND = FunctionCommand(generate)
