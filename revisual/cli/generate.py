"""`revisual generate`: answers questions about pictures, on the terminal or from a file."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from revisual.client.request import Decoding
from revisual.core.errors import UserError
from revisual.data.images import ImageSource
from revisual.data.sample import Sample
from revisual.data.system_prompts import REVISUAL_R1_SYSTEM_PROMPT
from revisual.pipeline.children import Interrupted, interruptible

DESCRIPTION = """\
Answers a question, perhaps about pictures, as the words come: thoughts dimmed, and at last the answer in a box. Or
answers all questions of a JSONL file ("question", and perhaps "id", "images", "choices", "answer"); a killed call goes
on where it was."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Raises the message."""
        raise UserError(message)


def parser() -> Parser:
    """The command's options."""
    made = Parser(prog="revisual generate", description=DESCRIPTION, allow_abbrev=False)
    add = made.add_argument
    add("--model", required=True, metavar="DIR", help="Hugging Face folder or hub name")
    add("--question", metavar="TEXT", help="what to ask")
    add("--image", type=Path, nargs="+", action="extend", default=[], metavar="PATH", help="pictures, in order")
    add("--questions", type=Path, metavar="FILE.jsonl", help="a file of questions, in place of --question")
    add("--out", type=Path, metavar="FILE.jsonl", help="where their answers go")
    add("--prompt", default=REVISUAL_R1_SYSTEM_PROMPT, help="system prompt (default: ReVisual-R1's; '' for none)")
    add("--max_tokens", type=int, default=4096, metavar="N", help="of one answer (default: %(default)s)")
    add("--do_sample", action="store_true", help="draw tokens at random instead of taking the likeliest")
    add("--temperature", type=float, default=0.6, metavar="T", help="with --do_sample (default: %(default)s)")
    add("--top_p", type=float, default=0.95, metavar="P", help="with --do_sample (default: %(default)s)")
    add("--top_k", type=int, default=0, metavar="K", help="with --do_sample; 0 keeps all tokens (default: %(default)s)")
    add("--n", type=int, default=1, metavar="N", help="answers per question (default: %(default)s)")
    add("--seed", type=int, default=0, metavar="N", help="of the random draws (default: %(default)s)")
    add("--rows", type=int, default=16, metavar="N", help="answers at once, from a file (default: %(default)s)")
    add("--dtype", choices=("auto", "float32", "bfloat16"), default="auto", help="of the weights (default: bfloat16 on a GPU)")  # fmt: skip  # noqa: E501
    add("--min_pixels", type=int, metavar="N", help="of a picture (default: the model's)")
    add("--max_pixels", type=int, metavar="N", help="of a picture (default: the model's)")
    return made


def check(options: argparse.Namespace) -> Decoding:
    """How answers are drawn.

    Raises:
        UserError: options are missing, contradict each other or are out of range.
    """
    if (options.question is None) == (options.questions is None):
        raise UserError("give --question TEXT or --questions FILE.jsonl, and only one of them")
    if (options.questions is None) != (options.out is None):
        raise UserError("--questions and --out go together")
    if options.questions is not None and options.image:
        raise UserError('--image goes with --question; in a file, pictures stand under "images"')
    if options.n < 1:
        raise UserError(f"--n: {options.n} is less than 1")
    if options.n > 1 and not options.do_sample:
        raise UserError("--n: without --do_sample all answers would be the same")
    if not options.do_sample:
        return Decoding(temperature=0.0, max_tokens=options.max_tokens)
    if options.temperature == 0:
        raise UserError("--temperature: 0 draws nothing; leave --do_sample out")
    return Decoding(options.temperature, options.top_p, options.top_k, options.max_tokens)


def generate(options: argparse.Namespace) -> None:
    """Loads the model and answers."""
    decoding = check(options)
    missing = [path for path in options.image if not path.is_file()]
    if missing:
        raise UserError(f"--image: {missing[0]}: no such file")
    # Imported here: --help and mistakes need not wait for torch.
    from rich.console import Console

    from revisual.cli.generation.live import LiveAnswer, stream_answer
    from revisual.cli.generation.questions_file import answer_file
    from revisual.data.encoding import PromptEncoder
    from revisual.evaluation.policy_responder import load_responder
    from revisual.grading.grader import AnswerGrader

    responder = load_responder(
        options.model, decoding, options.rows, options.dtype, options.min_pixels, options.max_pixels
    )
    encoder = PromptEncoder(responder.encoder.processor, options.prompt or None)
    grader = AnswerGrader()
    if options.questions is not None:
        count = answer_file(options.questions, options.out, responder, encoder, grader, options.n, options.seed)
        print(f"{count} answers in {options.out}")
        return
    console = Console(highlight=False)
    sample = sample_of(options.question, options.image)
    for index in range(options.n):
        if options.n > 1:
            console.rule(f"{index + 1} of {options.n}")
        live = LiveAnswer(console)
        response, is_cut = stream_answer(responder.policy, encoder, sample, decoding, options.seed + index, live.say)
        live.end(grader.extract(response, sample), is_cut)


def sample_of(question: str, images: Sequence[Path]) -> Sample:
    """The question with its pictures."""
    return Sample(
        "question",
        question,
        images=[ImageSource(path=path.name, root=path.parent) for path in map(Path.resolve, images)],
    )


def run(args: Sequence[str]) -> None:
    """Runs the command; an interruption ends with one line."""
    try:
        with interruptible():
            generate(parser().parse_args(args[1:]))
    except Interrupted as interruption:
        print("\nrevisual generate: interrupted", file=sys.stderr)
        sys.exit(128 + interruption.signal)
