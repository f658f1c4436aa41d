"""`revisual generate`: answers questions about pictures, on the terminal or from a file."""

import json
from dataclasses import asdict, replace

from revisual.cli.command import FunctionCommand
from revisual.cli.generation.options import DrawingOptions, QuestionOptions
from revisual.cli.options import Flattened
from revisual.cli.policy_options import PolicyOptions
from revisual.client.pictures import PixelBounds
from revisual.core.files import write_atomically
from revisual.data.prompting import AUTO, resolve_system_prompt


def generate(
    *,
    model: str,
    prompt: str | None = AUTO,
    asked: Flattened[QuestionOptions],
    drawing: Flattened[DrawingOptions],
    policy: Flattened[PolicyOptions] = PolicyOptions(rows=16),  # noqa: B008  # frozen
    pixels: Flattened[PixelBounds],
) -> None:
    """Answer a question, perhaps about pictures, as the words come: thoughts dimmed, and at last the answer in a box.

    Or answer all questions of a JSONL file ("question", and perhaps "id", "images", "choices", "answer"); a killed
    call goes on where it was. How they were asked stands beside the file of answers.

    Args:
        model: Hugging Face folder or hub name.
        prompt: the system prompt; auto is what the model's export was trained with, else ReVisual-R1's; '' for none.
        asked: the question, or the file of questions.
        drawing: how answers are drawn.
        policy: how the model is run.
        pixels: how many a picture has.
    """
    decoding = drawing.decoding(model)
    # Imported here: --help and mistakes need not wait for torch.
    from revisual.cli.generation.live import answer_on_terminal
    from revisual.cli.generation.questions_file import answer_file
    from revisual.cli.progress import TerminalProgress
    from revisual.grading.grader import AnswerGrader

    responder = policy.responder(model, decoding, pixels)
    encoder = replace(responder.encoder, system_prompt=resolve_system_prompt(prompt, model))
    grader, n, seed = AnswerGrader(), drawing.n, drawing.seed
    if asked.questions is not None and asked.out is not None:
        settings = {"model": model, "system_prompt": encoder.system_prompt, **decoding.settings(), "n": n, "seed": seed}
        kept = asked.out.with_name(f"{asked.out.name}.settings.json")
        write_atomically(kept, json.dumps(settings | asdict(pixels), indent=2, ensure_ascii=False) + "\n")
        count = answer_file(asked.questions, asked.out, responder, encoder, grader, n, seed, TerminalProgress())
        print(f"{count} answers in {asked.out}")
    else:
        answer_on_terminal(responder.policy, encoder, asked.sample(), decoding, grader, n, seed)


COMMAND = FunctionCommand(generate)
