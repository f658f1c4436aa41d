"""`revisual grade`: grades responses in a file by their gold answers."""

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Annotated, Literal

from revisual.cli.command import FunctionCommand
from revisual.cli.progress import TerminalProgress
from revisual.core.errors import UserError
from revisual.core.files import replaced_file, write_atomically
from revisual.core.progress import Progress
from revisual.core.ranges import Count, Within
from revisual.grading.cases import BrokenLine, Case, read_cases
from revisual.grading.grader import AnswerGrader, TimedGrade
from revisual.grading.requirements import NAMED, Requirements

BLOCK = 64
"""Lines that are held at a time."""
DEFAULT = AnswerGrader()


def grade(
    cases: Path,
    *,
    out: Path,
    deadline: Annotated[float, Within("(0, 3600]")] = DEFAULT.deadline_seconds,
    workers: Count = DEFAULT.workers,
    requirements: Literal["evaluation", "rewards", "value_alone"] = "evaluation",
    explain: bool = False,
) -> int:
    """Grade the responses of a JSONL file by their gold answers.

    A line has the texts "response" and "answer", and perhaps "question" (a text), "choices" (a list of texts) and
    "truncated" (true or false) or "finish_reason" ("length": the response was cut at its limit). To each is added
    "score" (0 or 1), "extracted" (the answer that was judged), "rule" (what decided), "error" (null, or why there
    is no verdict; the score is 0 then), "finished" (yes, no or unknown) and "unmet" (the requirements that an
    answer of the right value does not meet). Order and other fields are kept. Lines that cannot be graded are named
    on stderr and left out. A file beside, GRADED.jsonl.summary.json, gets the counts and the state of the
    requirements.

    Exit status: 0 if every line was graded, 1 if some were broken, 2 if nothing could be done.

    Args:
        cases: the file to grade, CASES.jsonl.
        out: the file to write; it is as it was until the new one is whole.
        deadline: seconds of CPU time for one response.
        workers: responses graded at the same time.
        requirements: what an answer has to be besides right.
        explain: whether each line also gets "steps": why its answer was or was not accepted.
    """
    grader = AnswerGrader(deadline_seconds=deadline, workers=workers, requirements=NAMED[requirements])
    if not cases.is_file():
        raise UserError(f"{cases}: no such file")
    if out.is_dir():
        raise UserError(f"--out: {out} is a folder")
    if out.exists() and os.path.samefile(cases, out):
        raise UserError(f"--out: {out} is the file to grade itself")
    started = time.monotonic()
    grader.warm_up()
    start_seconds = time.monotonic() - started
    summary = grade_file(cases, out, grader, TerminalProgress(), explain)
    write_atomically(out.with_name(f"{out.name}.summary.json"), summary.to_json(grader.requirements))
    print(summary.text(start_seconds))
    return 1 if summary.counts["broken lines"] else 0


@dataclass
class Summary:
    """What is counted while a file is graded."""

    size: int
    """Bytes of the file."""
    counts: Counter[str] = field(default_factory=Counter)
    """Of "right", "wrong", each error and "broken lines"."""
    seconds: list[float] = field(default_factory=list)
    """That each response took."""
    read: int = 0
    """Bytes, so far."""
    matters: Counter[str] = field(default_factory=Counter)
    """By requirement, the answers on which it made a difference."""
    finished_unknown: int = 0

    def add(self, case: Case | BrokenLine, timed: TimedGrade | None, requirements: Requirements) -> None:
        """Count a line."""
        self.read += case.size
        if timed is None or isinstance(case, BrokenLine):
            self.counts["broken lines"] += 1
            return
        self.matters.update(requirements.count_differences([timed.grade]))
        self.finished_unknown += case.truncated is None
        self.counts[timed.grade.error or ("right" if timed.grade.score == 1.0 else "wrong")] += 1
        self.seconds.append(timed.seconds)

    def text(self, start_seconds: float) -> str:
        """Return the summary in one line."""
        names = ["right", "wrong", *sorted(self.counts.keys() - {"right", "wrong", "broken lines"}), "broken lines"]
        counts = ", ".join(f"{name} {self.counts[name]}" for name in names)
        if not self.seconds:
            return f"{counts}; start {start_seconds:.2f} s"
        milliseconds = [1000 * seconds for seconds in self.seconds]
        mean = sum(milliseconds) / len(milliseconds)
        return (
            f"{counts}; per case: median {median(milliseconds):.2f} ms, mean {mean:.2f} ms, "
            f"max {max(milliseconds):.2f} ms; start {start_seconds:.2f} s"
        )

    def to_json(self, requirements: Requirements) -> str:
        """Return the counts and the state of the requirements, for a file."""
        graded = len(self.seconds)
        described = {
            "counts": dict(self.counts),
            "requirements": {
                "required": requirements.settings(),
                "answers_on_which_it_matters": dict(self.matters),
                "finished": "unknown" if graded and self.finished_unknown == graded else "known",
                "finished_unknown": self.finished_unknown,
            },
        }
        return json.dumps(described, indent=2) + "\n"

    @property
    def share(self) -> float:
        """Of the file that is read."""
        return self.read / self.size if self.size else 1.0


def grade_lines(
    lines: Iterable[Case | BrokenLine], grader: AnswerGrader
) -> Iterator[tuple[Case, TimedGrade] | tuple[BrokenLine, None]]:
    """Yield lines in their order, with their grades."""
    lines = iter(lines)
    while block := list(islice(lines, BLOCK)):
        cases = [case for case in block if isinstance(case, Case)]
        rows = [case.response for case in cases], [case.sample for case in cases], [case.truncated for case in cases]
        grades = iter(grader.grade_timed(*rows))
        for line in block:
            yield (line, next(grades)) if isinstance(line, Case) else (line, None)


def output_line(case: Case, timed: TimedGrade, steps: list[str] | None = None) -> str:
    """Return a case's fields and its grade, as a line of JSON, with the steps that led to it if they are given."""
    grade = timed.grade
    finished = {True: "no", False: "yes", None: "unknown"}[case.truncated]
    added = {"score": int(grade.score), "extracted": grade.extracted, "rule": grade.rule, "error": grade.error}
    explained = {} if steps is None else {"steps": steps}
    return json.dumps({**case.fields, **added, "finished": finished, "unmet": list(grade.unmet), **explained}) + "\n"


def grade_file(source: Path, target: Path, grader: AnswerGrader, progress: Progress, explain: bool = False) -> Summary:
    """Grade a file's lines into another; name on stderr what is broken.

    Returns:
        The counts.
    """
    summary = Summary(source.stat().st_size)
    with replaced_file(target) as file, progress.task("graded") as task:
        for line, timed in grade_lines(read_cases(source), grader):
            summary.add(line, timed, grader.requirements)
            if isinstance(line, BrokenLine):
                print(f"{source}:{line.line}: {line.fault}", file=sys.stderr)
            elif timed is not None:
                is_cut = line.truncated
                steps = grader.explain(line.response, line.sample.answer, line.sample, is_cut) if explain else None
                file.write(output_line(line, timed, steps))
            if len(summary.seconds) % BLOCK == 0 or summary.read == summary.size:
                task.add(len(summary.seconds) - task.done, f"{summary.share:.0%}")
    return summary


COMMAND = FunctionCommand(grade, interrupted="interrupted; the file to write is as it was")
