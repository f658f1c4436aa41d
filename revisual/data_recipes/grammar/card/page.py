"""The data card as a page with plots, which needs nothing but itself."""

from collections.abc import Mapping
from typing import Any

from revisual.data_recipes.grammar.card.facts import Facts, StepFacts, reasons
from revisual.report.bars import bar_chart
from revisual.report.chart import chart_grid
from revisual.report.formats import NUMBER, PERCENT
from revisual.report.html import Element, Section, page, section
from revisual.report.table import Cell, Column, table

MOST_TOPICS = 40


def card_page(facts: Facts) -> str:
    """Return the whole document."""
    sections = [
        section("Parts", _parts(facts), _plots(facts)),
        section("Sources", _sources(facts)),
        section("Steps", _steps(facts), _tell_dropped(facts)),
    ]
    sections += [made for make in (_decontamination, _models, _topics) if (made := make(facts)) is not None]
    subtitle = f"{facts.total:,} samples from {len(facts.sources)} sources, made by revisual curate"
    return page(facts.title, *sections, subtitle=subtitle)


def _parts(facts: Facts) -> Element:
    rows: list[list[Cell]] = [
        [name, splits.get("train", 0), splits.get("validation", 0)] for name, splits in facts.parts.items()
    ]
    return table(["Part", "Train", "Validation"], rows)


def _plots(facts: Facts) -> Element | None:
    charts = []
    for color, (part, by) in enumerate(facts.by.items()):
        for column in ("source", "level", "topic", "licence"):
            counts = dict(list(by[column].items())[:MOST_TOPICS])
            if counts:
                charts.append(bar_chart(f"{part}: by {column}", counts, color))
    return chart_grid(charts, is_wide=True)


def _sources(facts: Facts) -> Element:
    out = facts.by_source
    rows: list[list[Cell]] = [
        [
            source["name"],
            source["modality"],
            source["licence"],
            source.get("hub") or "-",
            "yes" if source["verified"] else "no",
            source["read"],
            out.get(source["name"], 0),
        ]
        for source in facts.sources
    ]
    return table(["Source", "Modality", "Licence", "Hub", "Verified", "Read", "Here"], rows)


def _steps(facts: Facts) -> Element:
    rows: list[list[Cell]] = [[s.name, s.before, s.after, s.before - s.after, round(s.seconds, 1)] for s in facts.steps]
    return table(["Step", "Before", "After", "Dropped", "Seconds"], rows)


def _tell_dropped(facts: Facts) -> Element:
    names = [source["name"] for source in facts.sources]
    rows: list[list[Cell]] = [
        [f"{step.name}: {reason}", count, *(step.dropped[reason].get(name) for name in names)]
        for step in facts.steps
        for reason, count in reasons(step)
    ]
    caption = "Each dropped sample stands in dropped.jsonl of its step; a duplicate or a leak with what it repeats."
    return table(["Dropped", "All", *names], rows, caption)


def _decontamination(facts: Facts) -> Section | None:
    step = facts.step("decontaminate")
    if step is None:
        return None
    targets: list[list[Cell]] = [[name, count] for name, count in step.notes["targets"].items()]
    twins: list[list[Cell]] = [[name, count] for name, count in step.notes["twins"].items()]
    kept = "kept" if step.notes["twins_kept"] else "dropped"
    caption = (
        f"Much in common with a benchmark's question, and another question. They are {kept}, and stand in twins.jsonl."
    )
    return section(
        "Decontamination",
        table(["Compared with", "Questions"], targets),
        table(["Source", "Near twins"], twins, caption) if twins else None,
    )


def _models(facts: Facts) -> Section | None:
    asked = [step for step in facts.steps if "model" in step.notes]
    if not asked:
        return None
    rows: list[list[Cell]] = [[step.name, step.notes["model"], step.notes["k"]] for step in asked]
    charts = [_rates(step) for step in asked]
    return section("Models", table(["Step", "Model", "Answers per question"], rows), chart_grid(charts, is_wide=True))


def _rates(step: StepFacts) -> Element:
    counts: list[int] = step.notes["pass_rates"]
    names = [f"{k / len(counts):.1f} to {(k + 1) / len(counts):.1f}" for k in range(len(counts))]
    return bar_chart(f"{step.name}: questions by pass rate", dict(zip(names, counts, strict=True)))


def _topics(facts: Facts) -> Section | None:
    step = facts.step("topics")
    if step is None:
        return None
    shares: list[list[Cell]] = [[name, share] for name, share in step.notes["shares"].items()]
    purity: Mapping[str, Mapping[str, Any]] = step.notes["purity"]
    rows: list[list[Cell]] = [
        [name, v["clusters"], v["k-means"], v["one cluster"], v["items"]] for name, v in purity.items()
    ]
    columns: list[Column | str] = [
        "Purity by",
        *(Column(n, format=PERCENT) for n in ("These clusters", "k-means, as many", "One cluster")),
        "Items",
    ]
    return section(
        "Topics",
        table(["How items came to their topic", Column("Share", format=PERCENT)], shares),
        table(columns, rows) if rows else None,
        _cells(facts),
    )


def _cells(facts: Facts) -> Element | None:
    levels = sorted({level for row in facts.cells.values() for level in row}, key=lambda name: (len(name), name))
    if not levels:
        return None
    ordered = sorted(facts.cells.items(), key=lambda pair: -sum(pair[1].values()))
    rows: list[list[Cell]] = [
        [topic, sum(row.values()), *(row.get(level) for level in levels)] for topic, row in ordered
    ]
    return table(
        ["Topic", Column("All", format=NUMBER), *levels], rows, "Samples by topic and level, all parts together."
    )
