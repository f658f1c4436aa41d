"""What grading costs: time per case with one worker, and a batch with hostile answers in it with two.

    python benchmarks/grader_speed.py --cases cases.jsonl --out out/grader_speed.json

A line of the cases has `gold` and `pred`, and `form`: "text" for a whole response, else `pred` is put into a box. With
`expected` (a bool) in it, agreement is counted, too. Prints a table, and writes the same as JSON.
"""

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from statistics import fmean, median
from typing import Any

from revisual.data.sample import Sample
from revisual.grading.grader import AnswerGrader

BATCH = 1000
BATCH_LIMIT_SECONDS = 20.0
HOSTILE = (
    "9^9^9^9", "((9!)!)!", "2^{10^{10}}", r"\binom{10^6}{5 \cdot 10^5}", r"\sum_{k=1}^{10^9} k",
    r"\prod_{k=1}^{10^9} k", "(" * 500 + "1" + ")" * 500, r"\sqrt{" * 500 + "2" + "}" * 500,
    r"\frac{1}{" * 50 + "2" + "}" * 50, "{" * 5000, "1+" * 50_000 + "1", "1" * 100_000, "$" * 100_000,
    " " * 100_000 + "1", ",".join(map(str, range(5000))), "(a+b+c+d)^{50}(e+f+g+h)^{50}",
    r"\int_0^1 \frac{\sin(x^5)}{1+e^{x^3}} dx", "+".join(rf"\sqrt{{{n}}}" for n in range(2, 60)),
    r"\sin(" * 40 + "x" + ")" * 40, "__import__('os').system('true')",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("out/grader_speed.json"))
    args = parser.parse_args()
    cases = [json.loads(line) for line in args.cases.read_text(encoding="utf-8").splitlines()]
    result = {"one_worker": one_worker(cases), "batch": batch(cases)}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(result, indent=2) + "\n")
    for name, values in result.items():
        print(name)
        for key, value in values.items():
            print(f"  {key:24} {value:.3f}" if isinstance(value, float) else f"  {key:24} {value}")


def response(case: dict[str, Any]) -> str:
    return case["pred"] if case.get("form") == "text" else rf"\boxed{{{case['pred']}}}"


def started(grader: AnswerGrader) -> float:
    """Seconds until all workers are ready."""
    began = time.perf_counter()
    grader.warm_up()
    return time.perf_counter() - began


def one_worker(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """Case after case, each in a call of its own."""
    grader = AnswerGrader()
    start, milliseconds, errors, agreed = started(grader), [], Counter[str](), 0
    for case in cases:
        began = time.perf_counter()
        grade = grader(response(case), case["gold"])
        milliseconds.append(1000 * (time.perf_counter() - began))
        errors[str(grade.error)] += 1
        agreed += (grade.score == 1.0) == case.get("expected")
    return {
        "cases": len(cases),
        "median ms": median(milliseconds),
        "mean ms": fmean(milliseconds),
        "max ms": max(milliseconds),
        "pool start s": start,
        "agreed": agreed,
        "errors": {name: count for name, count in errors.items() if name != "None"},
    }


def batch(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """A thousand responses at once, of which every fiftieth is hostile."""
    grader = AnswerGrader(workers=2)
    responses, golds = [], []
    for number in range(BATCH):
        is_hostile = number % (BATCH // len(HOSTILE)) == 0
        case = (
            {"pred": HOSTILE[number * len(HOSTILE) // BATCH], "gold": "7"} if is_hostile else cases[number % len(cases)]
        )
        responses.append(f"<think>{number}</think>{response(case)}")  # no two are the same, so that each is judged
        golds.append(case["gold"])
    start = started(grader)
    began = time.perf_counter()
    timed = grader.grade_timed(responses, [Sample(id=str(n), answer=gold) for n, gold in enumerate(golds)])
    seconds = time.perf_counter() - began
    errors = Counter(str(one.grade.error) for one in timed)
    return {
        "cases": BATCH,
        "hostile": len(HOSTILE),
        "seconds": seconds,
        "within limit": seconds < BATCH_LIMIT_SECONDS,
        "pool start s": start,
        "slowest case ms": 1000 * max(one.seconds for one in timed),
        "errors": {name: count for name, count in errors.items() if name != "None"},
    }


if __name__ == "__main__":
    main()
