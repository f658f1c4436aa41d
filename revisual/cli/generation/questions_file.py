"""Questions from a file, and a file of answers."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from revisual.client.journal import Journal, Record
from revisual.client.pictures import Pictures
from revisual.client.request import ChatRequest
from revisual.core.errors import UserError
from revisual.core.files import replaced_file
from revisual.core.progress import Progress, Silent
from revisual.core.seeds import stable_seed
from revisual.data.encoding import PromptEncoder
from revisual.data.readers.jsonl import JSONLReader
from revisual.data.sample import Sample
from revisual.evaluation.responder import Responder
from revisual.grading.grader import Grader


def answer_file(
    questions: Path,
    out: Path,
    responder: Responder,
    encoder: PromptEncoder,
    grader: Grader,
    n: int = 1,
    seed: int = 0,
    progress: Progress = Silent(),  # noqa: B008  # has no state
) -> int:
    """Answer each question of a JSONL file `n` times, and write the answers in their order; return how many.

    Until all are there they stand in a journal beside `out`, from which the same call goes on.

    Raises:
        UserError: the questions cannot be read, or `out` is their own file.
    """
    if out.exists() and out.samefile(questions):
        raise UserError(f"out: {out} is the file of the questions")
    samples = list(JSONLReader(questions, require_answer=False)())
    journal_path = out.with_name(f"{out.name}.journal")
    found: dict[tuple[str, int], Record] = {}
    with (
        Journal(journal_path) as journal,
        progress.task("answers", len(samples) * n) as task,
        closing(responder.answers(requests(samples, encoder, n, seed), journal)) as records,
    ):
        for record in records:
            found[record.id, record.sample_index] = record
            task.add()
    with replaced_file(out) as file:
        for sample in samples:
            for index in range(n):
                file.write(json.dumps(line(sample, found[sample.id, index], grader), ensure_ascii=False) + "\n")
    journal_path.unlink()
    return len(found)


def requests(samples: Sequence[Sample], encoder: PromptEncoder, n: int, seed: int) -> Iterator[ChatRequest]:
    """Yield `n` requests per question, with the encoder's system prompt."""
    for sample in samples:
        pictures = Pictures(sample.images, sample.id)
        for index in range(n):
            own = stable_seed("generate", seed, sample.id, index) % 2**31
            yield ChatRequest(sample.id, encoder.messages(sample), pictures, index, own)


def line(sample: Sample, record: Record, grader: Grader) -> dict[str, Any]:
    """Return one line of the file of answers; with a gold answer, `revisual grade` takes it."""
    return {
        "id": sample.id,
        "sample_index": record.sample_index,
        "question": sample.question,
        "choices": None if sample.choices is None else list(sample.choices),
        "answer": sample.answer,
        "response": record.response,
        "extracted": grader.extract(record.response, sample),
        "finish_reason": record.finish_reason,
        "error": record.error,
        "tokens": record.completion_tokens,
    }
