"""`revisual grade`: grades responses in a file by their gold answers."""

import argparse
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import median
from typing import NoReturn

from revisual.core.errors import UserError
from revisual.core.files import replaced_file
from revisual.grading.cases import BrokenLine, Case, read_cases
from revisual.grading.grader import AnswerGrader, TimedGrade

BLOCK = 64
"""Lines that are held at a time."""

DESCRIPTION = """\
Grades the responses of a JSONL file by their gold answers. A line has the texts "response" and "answer", and perhaps
"question" (a text) and "choices" (a list of texts). To each is added "score" (0 or 1), "extracted" (the answer that was
judged), "rule" (what decided) and "error" (null, or why there is no verdict; the score is 0 then). Order and other
fields are kept. Lines that cannot be graded are named on stderr and left out."""
STATUS = "Exit status: 0 if every line was graded, 1 if some were broken, 2 if nothing could be done."


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Raises the message."""
        raise UserError(message)


def parser() -> Parser:
    """The command's options."""
    default = AnswerGrader()
    made = Parser(prog="revisual grade", description=DESCRIPTION, epilog=STATUS, allow_abbrev=False)
    made.add_argument("cases", type=Path, metavar="CASES.jsonl", help="the file to grade")
    made.add_argument("--out", type=Path, required=True, metavar="GRADED.jsonl", help="the file to write")
    made.add_argument(
        "--deadline", type=float, default=default.deadline_seconds, metavar="S",
        help="seconds of CPU time for one response (default: %(default)s)",
    )  # fmt: skip
    made.add_argument(
        "--workers", type=int, default=default.workers, metavar="N",
        help="responses graded at the same time (default: %(default)s)",
    )  # fmt: skip
    return made


@dataclass
class Summary:
    """What is counted while a file is graded."""

    size: int
    """Bytes of the file."""
    began: float = field(default_factory=time.monotonic)
    counts: Counter[str] = field(default_factory=Counter)
    """Of "right", "wrong", each error and "broken lines"."""
    seconds: list[float] = field(default_factory=list)
    read: int = 0
    """Bytes, so far."""

    def add(self, case: Case | BrokenLine, timed: TimedGrade | None) -> None:
        """Counts a line."""
        self.read += case.size
        if timed is None:
            self.counts["broken lines"] += 1
            return
        self.counts[timed.grade.error or ("right" if timed.grade.score == 1.0 else "wrong")] += 1
        self.seconds.append(timed.seconds)

    def text(self, start_seconds: float) -> str:
        """The summary in one line."""
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

    def progress(self) -> str:
        """How far it is."""
        share = self.read / self.size if self.size else 1.0
        return f"{len(self.seconds)} graded, {share:.0%}, {time.monotonic() - self.began:.0f} s"


def graded(
    lines: Iterable[Case | BrokenLine], grader: AnswerGrader
) -> Iterator[tuple[Case, TimedGrade] | tuple[BrokenLine, None]]:
    """Lines in their order, with their grades."""
    lines = iter(lines)
    while block := list(islice(lines, BLOCK)):
        cases = [case for case in block if isinstance(case, Case)]
        grades = iter(grader.timed([case.response for case in cases], [case.sample for case in cases]))
        for line in block:
            yield (line, next(grades)) if isinstance(line, Case) else (line, None)


def output_line(case: Case, timed: TimedGrade) -> str:
    """A case's fields and its grade, as JSON."""
    grade = timed.grade
    added = {"score": int(grade.score), "extracted": grade.extracted, "rule": grade.rule, "error": grade.error}
    return json.dumps({**case.fields, **added}) + "\n"


def run(args: Sequence[str]) -> None:
    """Runs the command."""
    options = parser().parse_args(args[1:])
    source, target = options.cases, options.out
    grader = AnswerGrader(deadline_seconds=options.deadline, workers=options.workers)
    if not source.is_file():
        raise UserError(f"{source}: no such file")
    if target.is_dir():
        raise UserError(f"--out: {target} is a folder")
    if target.exists() and os.path.samefile(source, target):
        raise UserError(f"--out: {target} is the file to grade itself")
    started = time.monotonic()
    grader.warm_up()
    start_seconds = time.monotonic() - started
    try:
        summary = grade_file(source, target, grader)
    except KeyboardInterrupt:
        print(f"\nrevisual grade: interrupted; {target} is as it was", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)
    print(summary.text(start_seconds))
    if summary.counts["broken lines"]:
        sys.exit(1)


def grade_file(source: Path, target: Path, grader: AnswerGrader) -> Summary:
    """Grades a file's lines into another; says on stderr what is broken and, on a terminal, how far it is."""
    summary = Summary(source.stat().st_size)
    is_watched = sys.stderr.isatty()
    with replaced_file(target) as file:
        for line, timed in graded(read_cases(source), grader):
            summary.add(line, timed)
            if isinstance(line, BrokenLine):
                print(f"{source}:{line.line}: {line.fault}", file=sys.stderr)
            elif timed is not None:
                file.write(output_line(line, timed))
            if is_watched and len(summary.seconds) % BLOCK == 0:
                print(f"\r{summary.progress()}", end="", file=sys.stderr, flush=True)
    if is_watched:
        print(f"\r{summary.progress()}", file=sys.stderr)
    return summary
