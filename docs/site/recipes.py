"""The shipped configs, by what they are for, each with the sentence that it begins with."""

from itertools import takewhile
from pathlib import Path

from options import cell

ROOT = Path(__file__).parents[2]
TASKS = {
    "On data of your own": ["examples"],
    "In minutes on a CPU": ["quickstart", "vision_r1/quickstart", "real_sample"],
    "ReVisual-R1 at full size": ["revisual_r1"],
    "Vision-R1 at full size": [f"vision_r1/{size}" for size in ("7b", "32b", "qwen3_vl_4b", "qwen3_vl_8b")],
    "Data": ["grammar", "vision_r1"],
    "Answers": ["generate"],
}
LAID_OVER = {
    "Algorithms": ["algorithm"],
    "Which rollouts are learned from": ["filter"],
    "Rewards": ["rewards"],
    "Where results are logged": ["logger"],
}
HARDWARE = {
    "One GPU": ["single_gpu"],
    "Several GPUs": ["strategy"],
    "Rollouts by vLLM": ["rollout"],
}
HEAD = """# Recipes

All of them are in `configs/`; `revisual init --template NAME` copies one into a folder of yours, and `revisual check
--config FILE` says what it will read and train. None of those that need a GPU has been run on one yet; tests run them
on CPUs with a tiny policy ([Scaling](scaling.md)).
"""


def recipes_page() -> str:
    """Return the page."""
    text = [HEAD, "## By task\n", *_sections(TASKS), "## Laid over a recipe\n", *_sections(LAID_OVER)]
    return "\n".join([*text, "## By hardware\n", *_sections(HARDWARE)])


def first_words(path: Path) -> str:
    """Return the first paragraph of the comment that a config begins with, or its first sentence."""
    lines = [line[1:].strip() for line in takewhile(lambda line: line.startswith("#"), path.read_text().splitlines())]
    paragraph = " ".join(takewhile(bool, lines))
    sentence, end, _ = paragraph.partition(". ")
    return sentence + (end.strip() if end else "")


def configs_of(folders: list[str]) -> list[Path]:
    """Return the configs of folders of `configs/`; of one that a longer name goes below, its own files alone."""
    listed = {folder for groups in (TASKS, LAID_OVER, HARDWARE) for group in groups.values() for folder in group}
    found = []
    for folder in folders:
        has_others = any(other.startswith(f"{folder}/") for other in listed)
        found += sorted((ROOT / "configs" / folder).glob("*.yaml" if has_others else "**/*.yaml"))
    return found


def _sections(groups: dict[str, list[str]]) -> list[str]:
    text = []
    for title, folders in groups.items():
        rows = [f"| `{path.relative_to(ROOT)}` | {cell(first_words(path))} |" for path in configs_of(folders)]
        text.append("\n".join([f"### {title}\n", "| config | what it is |", "|---|---|", *rows, ""]))
    return text
