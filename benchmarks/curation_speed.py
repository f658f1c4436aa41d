"""`revisual curate` on many text items: time, processor time and peak memory, step by step.

    python benchmarks/curation_speed.py --items 100000 --out out/curation_speed

Items are made from templates with words and numbers of their own, as sums in stories, equations, geometry and counting;
one in twenty is a respelled copy of another. Steps 1, 4 (built-in embedding), 5 and 6 run in a process of their own on
two cores (`taskset`), as from the command line, against a benchmark of 1,000 of the items' kind.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

NAMES = "Ada Ben Cleo Dan Eva Finn Gus Hana Ivo Jana Kai Lea Mia Noor Olaf Pia Quin Rosa Sam Tara Uma Vito Wim Yara Zoe"
THINGS = (
    "apples pears marbles stamps books coins ribbons shells cards stickers pencils plums buttons kites lamps ropes "
    "tiles boats bricks candles drums eggs flags gloves hats inks jars keys leaves maps nails olives pots quilts rings"
)
PLACES = "market farm library harbour school museum bakery workshop garden station theatre orchard factory hall camp"
TEMPLATES = (
    "{a} has {x} {t} and buys {y} more at the {p}. Then {b} gives {a} {z} {t}. How many {t} does {a} have now?",
    "At the {p}, {a} sells {x} {t} for {y} dollars each and {b} sells {z} {u}. How many dollars does {a} earn?",
    "Solve for $n$: ${x}n + {y} = {z}n + {w}$, where $n$ counts the {t} in a {p}.",
    "A rectangular {p} is ${x}$ metres long and ${y}$ metres wide. {a} puts {t} along its border, one every "
    "${z}$ metres. What is the area of the {p} in square metres?",
    "In how many ways can {a} choose ${z}$ of ${x}$ {t} and ${w}$ of ${y}$ {u} at the {p}?",
    "What is the remainder when ${x}^{{{z}}} + {y}$ is divided by ${w}$? {a} found it written on the {t} of the {p}.",
    "A train leaves the {p} with {x} passengers and {y} {t}. At each of {z} stops {w} passengers get off. {a} counts "
    "the {u}. How many passengers are left at the end?",
    "Let $f(x) = \\frac{{{x}x + {y}}}{{{z}}}$. {a} evaluates $f({w})$ for the {t} of the {p}. What is the numerator?",
    "The probability that {a} draws one of {x} {t} from {y} {t} and {z} {u} at the {p} is $\\frac{{p}}{{q}}$. "
    "Find $p + q + {w}$.",
    "A circle of radius ${x}$ is drawn around the {p}. {a} walks ${y}$ metres and {b} walks ${z}$ metres with {w} {t}. "
    "How many metres do both of them walk together?",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--out", type=Path, default=Path("out/curation_speed"))
    parser.add_argument("--cores", default="0,1")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    draw = random.Random(0)
    write(args.out / "items.jsonl", items(args.items, draw))
    write(args.out / "test.jsonl", items(1_000, draw))
    config = args.out / "curate.yaml"
    config.write_text(json.dumps(settings(args.out)))
    began = time.monotonic()
    command = ["taskset", "-c", args.cores, sys.executable, "-m", "revisual", "curate", "--config", str(config)]
    child = subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "2"})
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - began
    steps = {p.parent.name: json.loads(p.read_text()) for p in (args.out / "run").glob("*/summary.json")}
    found = {
        "exit": os.waitstatus_to_exitcode(status),
        "items": args.items,
        "wall_seconds": round(seconds, 1),
        "processor_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_resident_mib": round(usage.ru_maxrss / 1024),
        "steps": {name: [step["before"], step["after"], step["seconds"]] for name, step in steps.items()},
    }
    print(json.dumps(found, indent=2))


def items(count: int, draw: random.Random) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for number in range(count):
        if number % 20 == 19:
            copy = draw.choice(rows)
            rows.append({**copy, "id": str(number), "question": copy["question"].upper().replace(" ", "  ")})
            continue
        words = {"a": NAMES, "b": NAMES, "t": THINGS, "u": THINGS, "p": PLACES}
        values = {key: draw.choice(text.split()) for key, text in words.items()}
        numbers = {key: draw.randint(2, 999) for key in "xyzw"}
        answer = draw.choice(
            [str(numbers["x"] + numbers["y"]), f"\\frac{{{numbers['x']}}}{{{numbers['w']}}}", f"{numbers['z']}\\pi"]
        )
        question = draw.choice(TEMPLATES).format(**values, **numbers)
        rows.append({"id": str(number), "question": question, "answer": answer, "solution": f"{question} {answer}"})
    return rows


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def settings(out: Path) -> dict[str, object]:
    test = {"class_path": "TableBenchmark", "init_args": {"name": "test", "jsonl": "test.jsonl"}}
    reader = {"class_path": "JSONLReader", "init_args": {"path": "items.jsonl"}}
    return {
        "out": str(out / "run"),
        "data": str(out),
        "sources": [{"name": "items", "reader": reader, "licence": "none"}],
        "decontaminate": {"class_path": "Decontaminate", "init_args": {"benchmarks": "", "custom": [test]}},
    }


if __name__ == "__main__":
    main()
