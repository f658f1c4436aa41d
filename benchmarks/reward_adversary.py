"""What policies that solve nothing are paid, by the project's grader or by a reward of your own.

    python benchmarks/reward_adversary.py --data ../shared/data --out benchmarks/results/reward_adversary.json
    python benchmarks/reward_adversary.py --config rl.yaml

Of the folder all JSONL files are asked that lie one folder deep. A table says for each policy how many questions it
answered, for how many it was paid by the value alone, under the evaluation's and under the rewards' requirements, what
of the last is chance, and what is beyond. With --config the rewards, the grader and the training data of a config for
`revisual fit` are taken; a question counts as paid if its reward reaches half of the weights. With --docs the table
replaces the one between the marks in that file.
"""

import argparse
import json
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from revisual.data.readers.jsonl import JSONLReader
from revisual.data.sample import Sample
from revisual.grading.grader import AnswerGrader, Grade, Grader
from revisual.grading.requirements import NAMED, REWARDS, VALUE_ALONE
from revisual.rewards.adversary import ADVERSARIES, Adversary, chance, list_attempts
from revisual.rewards.functions import Response, WeightedReward, score_responses

START, END = "<!-- reward_adversary: start -->", "<!-- reward_adversary: end -->"
MAX_RESTS = 400


@dataclass
class Row:
    """One policy's line of the table."""

    policy: str
    questions: int = 0
    paid: dict[str, int] = field(default_factory=dict)
    """Questions, by what is required."""
    by_chance: float = 0.0
    """Of what the last column pays."""
    beyond: float = 0.0
    rests: list[dict[str, str]] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--config", type=Path, help="of `revisual fit`: its rewards, grader and training data are used")
    parser.add_argument("--limit", type=int, help="questions of each file")
    parser.add_argument("--out", type=Path, default=Path("out/reward_adversary.json"))
    parser.add_argument("--docs", type=Path, help="a Markdown file whose table is replaced")
    args = parser.parse_args()
    if args.config is None:
        sets = read_folder(args.data, args.limit)
        rows = [measure(adversary, sets) for adversary in track(ADVERSARIES, "policies", console=Console(stderr=True))]
    else:
        samples, grader, rewards = read_config(args.config, args.limit)
        sets = {str(args.config): samples}
        rows = [measure_reward(adversary, samples, grader, rewards) for adversary in ADVERSARIES]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(describe(rows, sets), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(format_table(rows))
    print(args.out)
    if args.docs is not None:
        text = args.docs.read_text(encoding="utf-8")
        before, rest = text.split(START)
        args.docs.write_text(f"{before}{START}\n{format_table(rows)}\n{END}{rest.split(END)[1]}", encoding="utf-8")


def read_folder(folder: Path, limit: int | None) -> dict[str, list[Sample]]:
    """The questions of all files one folder deep, without their pictures."""
    columns = {"answer": "answer"}
    return {
        str(path.relative_to(folder)): [
            Sample(s.id, s.question, s.answer, s.source, choices=s.choices, solution=s.solution, extra=s.extra)
            for s in JSONLReader(path, columns=columns, limit=limit, require_answer=False)()
            if s.answer.strip()
        ]
        for path in sorted(folder.glob("*/*.jsonl"))
    }


def measure(adversary: Adversary, sets: Mapping[str, Sequence[Sample]]) -> Row:
    """What one policy is paid over all sets by the project's grader; each response is graded once."""
    row = Row(adversary.name, paid=dict.fromkeys(NAMED, 0))
    grader = AnswerGrader(workers=2, requirements=VALUE_ALONE)
    for name, samples in sets.items():
        attempts = list_attempts(adversary, samples)
        grades = grader.grade_all([text for _, text in attempts], [s for s, _ in attempts], [False] * len(attempts))
        by_sample: dict[int, list[tuple[str, Grade]]] = {}
        for (sample, text), grade in zip(attempts, grades, strict=True):
            by_sample.setdefault(id(sample), []).append((text, grade))
        for sample in samples:
            if id(sample) in by_sample:
                count(row, adversary, name, sample, by_sample[id(sample)])
    row.beyond = max(row.paid["rewards"] - row.by_chance, 0.0) if adversary.guesses_option else row.beyond
    return row


def count(row: Row, adversary: Adversary, name: str, sample: Sample, graded: Sequence[tuple[str, Grade]]) -> None:
    """Adds a question to a policy's line."""
    row.questions += 1
    for key, requirements in NAMED.items():
        row.paid[key] += any(requirements.score(grade) == 1.0 for _, grade in graded)
    best = next(((text, grade) for text, grade in graded if REWARDS.score(grade) == 1.0), None)
    if adversary.guesses_option:
        row.by_chance += chance(adversary, sample)
    elif best is not None:
        add_rest(row, adversary, name, sample, best[0], REWARDS.apply(best[1]).rule)


def add_rest(row: Row, adversary: Adversary, name: str, sample: Sample, response: str, rule: str) -> None:
    """Adds a question that was paid: to what chance explains, or to what is listed."""
    luck = chance(adversary, sample)
    row.by_chance += luck
    row.beyond += 1 - luck
    if luck < 1 and len(row.rests) < MAX_RESTS:
        shown = {"question": sample.question[:400], "response": response[:300], "gold": sample.answer, "rule": rule}
        row.rests.append({"set": name, "id": sample.id, **shown})


def read_config(path: Path, limit: int | None) -> tuple[list[Sample], Grader, dict[str, WeightedReward]]:
    """Training data, grader and rewards of a config for `revisual fit`."""
    import yaml
    from jsonargparse import ArgumentParser

    from revisual.config.parts import import_parts
    from revisual.data.readers.base import SampleReader
    from revisual.rewards.functions import AccuracyReward

    import_parts()
    config: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    model, data = (config.get(name, {}).get("init_args", {}) for name in ("model", "data"))
    parser = ArgumentParser()
    parser.add_argument("--rewards", type=dict[str, WeightedReward])
    parser.add_argument("--grader", type=Grader)
    parser.add_argument("--train", type=list[SampleReader])
    known = {"rewards": model.get("rewards"), "grader": model.get("grader"), "train": data.get("train")}
    parsed = parser.instantiate_classes(parser.parse_object({k: v for k, v in known.items() if v is not None}))
    root = data.get("root") or "."
    samples = [sample for reader in parsed.train or [] for sample in reader.under(root)()][:limit]
    return samples, parsed.grader or AnswerGrader(), parsed.rewards or {"accuracy": WeightedReward(AccuracyReward())}


def measure_reward(
    adversary: Adversary, samples: Sequence[Sample], grader: Grader, rewards: Mapping[str, WeightedReward]
) -> Row:
    """What one policy is paid by some rewards."""
    row = Row(adversary.name, paid={"your reward": 0})
    enough = sum(max(term.weight, 0.0) for term in rewards.values()) / 2
    for sample in samples:
        responses = [Response(text, sample, truncated=False) for text in adversary.responses(sample)]
        if not responses:
            continue
        row.questions += 1
        scored = score_responses(responses, grader, rewards)
        paid = [
            (r.text, g.rule)
            for r, g, total in zip(responses, scored.grades, scored.rewards, strict=True)
            if total >= enough
        ]
        row.paid["your reward"] += bool(paid)
        if adversary.guesses_option:
            row.by_chance += chance(adversary, sample)
        elif paid:
            add_rest(row, adversary, sample.source, sample, *paid[0])
    row.beyond = max(row.paid["your reward"] - row.by_chance, 0.0) if adversary.guesses_option else row.beyond
    return row


def describe(rows: Iterable[Row], sets: Mapping[str, Sequence[Sample]]) -> dict[str, Any]:
    """The result file."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    return {
        "commit": commit,
        "machine": f"{platform.machine()}, {platform.python_implementation()} {platform.python_version()}",
        "requirements": {name: one.settings() for name, one in NAMED.items()},
        "questions": {name: len(samples) for name, samples in sets.items()},
        "policies": [asdict(row) for row in rows],
    }


def format_table(rows: Sequence[Row]) -> str:
    """The table as Markdown."""
    names = list(rows[0].paid)
    lines = [
        "| policy | questions | "
        + " | ".join(f"paid: {name.replace('_', ' ')}" for name in names)
        + " | by chance | beyond |",
        "|---|---|" + "---|" * (len(names) + 2),
    ]
    for row in rows:
        paid = " | ".join(f"{row.paid[name]:,}" for name in names)
        lines.append(f"| {row.policy} | {row.questions:,} | {paid} | {row.by_chance:,.0f} | {row.beyond:,.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
