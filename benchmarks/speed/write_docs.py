"""Write the tables of docs/exact_and_fast.md from the committed results.

python benchmarks/speed/write_docs.py [--results benchmarks/speed/results]
"""

import argparse
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/exact_and_fast.md"
SHAPES = {
    "small pictures": "8 prompts x 8, 64 new tokens, 56 to 112 px",
    "336 px": "4 x 8, 96 new tokens, 336 px",
    "672 px": "4 x 8, 128 new tokens, 672 px",
}
TRAINERS = {"revisual": "revisual, packed", "trl": "TRL, padded", "trl packed": "TRL, packed"}


def main() -> None:
    """Rewrite the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    folder = parser.parse_args().results
    text = PAGE.read_text(encoding="utf-8")
    for name, write in TABLES.items():
        result = json.loads((folder / f"{name}.json").read_text())
        body = "\n".join([*write(result), "", f"Commit {result['commit']}; {result['machine']}."])
        block = f"<!-- speed {name}: start -->\n{body}\n<!-- speed {name}: end -->"
        pattern = rf"<!-- speed {name}: start -->.*?<!-- speed {name}: end -->"
        text, found = re.subn(pattern, lambda _, block=block: block, text, flags=re.DOTALL)
        if found != 1:
            raise SystemExit(f"{PAGE}: needs the marks of {name} once, and has them {found} times")
    PAGE.write_text(text, encoding="utf-8")


def head(titles: Sequence[str]) -> list[str]:
    """Return the first two lines of a table."""
    return ["| " + " | ".join(titles) + " |", "|---" * len(titles) + "|"]


def write_grpo(result: Mapping[str, Any]) -> list[str]:
    """Return the table of GRPO steps, and what PAD saves."""
    lines = [
        "| GRPO step | revisual, s | TRL, s | times faster | revisual, peak MiB | TRL, peak MiB |",
        "|---" * 6 + "|",
    ]
    for row in result["rows"]:
        cells = [row["revisual, s/step"], row["trl, s/step"], row["times faster"]]
        shown = [f"{cell:.2f}" for cell in cells] + [f"{row[f'{name}, peak MiB']:,}" for name in ("revisual", "trl")]
        lines.append(f"| {SHAPES[row['shape']]} | " + " | ".join(shown) + " |")
    pad = result["filters"]
    return [
        *lines,
        "",
        "With PAD at ratio 0.5 the update of the first row takes "
        f"{pad['share of the update']:.2f} of its time with all",
        f"rollouts ({pad['pad, s/update']:.2f} s against {pad['keep all, s/update']:.2f} s), the whole step "
        f"{pad['pad, s/step']:.2f} s against {pad['keep all, s/step']:.2f} s.",
    ]


def write_sft(result: Mapping[str, Any]) -> list[str]:
    """Return the table of SFT on texts."""
    lines = head(("SFT on texts of 30 to 300 words, 16 to a batch", "tokens/s", "peak MiB"))
    return lines + [f"| {TRAINERS[row['']]} | {row['tokens/s']:,} | {row['peak MiB']:,} |" for row in result["rows"]]


def write_loss_memory(result: Mapping[str, Any]) -> list[str]:
    """Return what the head takes."""
    rows = {row[""]: row for row in result["rows"]}
    alone, chunks, whole = (rows[name] for name in ("all logits alone, computed", "in chunks", "at once"))
    return [
        "Log-probs of 8,192 tokens over a vocabulary of 151,936, hidden size 512, with their backward pass: "
        f"{chunks['MiB']:,} MiB beyond",
        f"weights and gradients, where the logits alone would be {alone['MiB']:,} MiB ({chunks['seconds']} s; "
        f"all at once {whole['seconds']} s and {whole['MiB']:,} MiB).",
    ]


def write_scaling(result: Mapping[str, Any]) -> list[str]:
    """Return how a step's time grows."""
    lines = [
        "| group | picture, px | new tokens | s/step | GFLOP | share of a matrix product's rate |",
        "|---" * 6 + "|",
    ]
    for row in result["rows"]:
        share = row["share of a matrix product's rate"]
        shown = [row["group"], row["picture"], row["new_tokens"], f"{row['s/step']:.2f}", row["GFLOP"], f"{share:.2f}"]
        lines.append("| " + " | ".join(map(str, shown)) + " |")
    return lines


TABLES: Mapping[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "grpo": write_grpo,
    "sft": write_sft,
    "loss_memory": write_loss_memory,
    "scaling": write_scaling,
}

if __name__ == "__main__":
    main()
