"""The data card as the README.md of a data set: YAML that `load_dataset` reads, then tables."""

from collections.abc import Mapping
from typing import Any

import yaml

from revisual.data_recipes.grammar.card.facts import Facts, StepFacts, reasons
from revisual.report.formats import write_percent
from revisual.report.markdown import Cells, cell, table

MOST_TOPICS = 40


def markdown_card(facts: Facts) -> str:
    """Return the whole file."""
    blocks = [
        f"# {cell(facts.title)}",
        f"{facts.total:,} samples in {len(facts.parts)} parts, made by `revisual curate`.",
        "## Parts",
        table(
            ["part", "train", "validation"],
            [[p, s.get("train", 0), s.get("validation", 0)] for p, s in facts.parts.items()],
        ),
        "## Sources",
        _sources(facts),
        "## What each step kept",
        table(
            ["step", "before", "after", "seconds"],
            [[s.name, s.before, s.after, round(s.seconds, 1)] for s in facts.steps],
        ),
        "## What was dropped, and why",
        _tell_dropped(facts),
        *_decontamination(facts.step("decontaminate")),
        *_models(facts),
        *_topics(facts),
        *_counts(facts),
    ]
    return f"---\n{yaml.safe_dump(_head(facts), sort_keys=False)}---\n\n" + "\n\n".join(blocks) + "\n"


def _head(facts: Facts) -> dict[str, Any]:
    """Return the fields that the hub and `load_dataset` read."""
    configs = [
        {
            "config_name": part,
            "data_files": [{"split": split, "path": f"{part}/{split}-*.parquet"} for split in splits],
        }
        for part, splits in facts.parts.items()
    ]
    return {"pretty_name": facts.title, "configs": configs}


def _sources(facts: Facts) -> str:
    out = facts.by_source
    rows: list[Cells] = [
        [s["name"], s["modality"], s["licence"], s.get("hub"), s["verified"], s["read"], out.get(s["name"], 0)]
        for s in facts.sources
    ]
    return table(["source", "modality", "licence", "hub", "verified", "read", "here"], rows)


def _tell_dropped(facts: Facts) -> str:
    rows: list[Cells] = [
        [step.name, reason, count, _worst(step, reason)] for step in facts.steps for reason, count in reasons(step)
    ]
    return table(["step", "reason", "samples", "most of them from"], rows) if rows else "Nothing."


def _worst(step: StepFacts, reason: str) -> str:
    counts = step.dropped[reason]
    return max(counts, key=lambda source: counts[source])


def _decontamination(step: StepFacts | None) -> list[str]:
    if step is None:
        return []
    twins: Mapping[str, int] = step.notes["twins"]
    kept = "kept" if step.notes["twins_kept"] else "dropped"
    said = ", ".join(f"{cell(name)} {count:,}" for name, count in step.notes["targets"].items())
    return [
        "## Decontamination",
        f"Compared with: {said}. Near twins of benchmark questions (much in common, another question) are {kept}:",
        table(["source", "near twins"], list(twins.items())) if twins else "None was found.",
    ]


def _models(facts: Facts) -> list[str]:
    rows = [[step.name, step.notes["model"], step.notes["k"]] for step in facts.steps if "model" in step.notes]
    return ["## Models asked", table(["step", "model", "answers per question"], rows)] if rows else []


def _topics(facts: Facts) -> list[str]:
    step = facts.step("topics")
    if step is None:
        return []
    shares = [[name, write_percent(share)] for name, share in step.notes["shares"].items()]
    blocks = ["## Topics", table(["how items came to their topic", "share"], shares)]
    purity: list[Cells] = [
        [name, *(write_percent(values[key]) for key in ("clusters", "k-means", "one cluster")), values["items"]]
        for name, values in step.notes["purity"].items()
    ]
    if purity:
        blocks.append(table(["purity by", "these clusters", "k-means, as many", "one cluster", "items"], purity))
    return blocks


def _counts(facts: Facts) -> list[str]:
    blocks = []
    for column in ("licence", "topic", "level"):
        values = list(dict.fromkeys(value for counts in facts.by.values() for value in counts[column]))
        if column == "level":
            values.sort(key=lambda value: (not value.isdigit(), int(value) if value.isdigit() else 0))
        if not values:
            continue
        totals = {v: sum(counts[column].get(v, 0) for counts in facts.by.values()) for v in values}
        shown = sorted(values, key=lambda v: -totals[v])[:MOST_TOPICS] if column == "topic" else values
        rows: list[Cells] = [
            [value, *(counts[column].get(value, 0) for counts in facts.by.values())] for value in shown
        ]
        more = f"\n\nand {len(values) - len(shown)} more" if len(shown) < len(values) else ""
        blocks += [f"## By {column}", table([column, *facts.by], rows) + more]
    return blocks
