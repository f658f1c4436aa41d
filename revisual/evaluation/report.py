"""The report of an evaluation: figures beside the paper's, where they come from, and wrong answers to read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL.Image import Image

from revisual.core.errors import UserError
from revisual.data.images import ImageSource
from revisual.evaluation.answers import ScoredAnswer
from revisual.evaluation.charts import length_chart, score_chart
from revisual.evaluation.figure_tables import figures_table, groups_table
from revisual.evaluation.judge_model import JudgeShare
from revisual.evaluation.metrics.figures import Figure, Metrics
from revisual.evaluation.paper import REVISUAL_R1_7B, VISION_R1_7B
from revisual.report.chart import chart_grid
from revisual.report.formats import PERCENT, label
from revisual.report.formulas import typeset_answer
from revisual.report.html import Element, Section, element, fold, hint, page, section
from revisual.report.rollouts import show_answer
from revisual.report.table import Cell, Column, Estimate, settings_table, table

MOST_WRONG = 12
"""Wrong answers shown per benchmark: the first of them, each of a question of its own."""
LENGTHS = "The share of right and of wrong answers that has at most so many tokens."
SHARE = Column("Score", format=PERCENT)

PicturesOf = Callable[[ScoredAnswer], Sequence[ImageSource]]
"""The pictures of an answer's question, as far as they are at hand."""


@dataclass(frozen=True)
class Measured:
    """One benchmark's figures and the answers that they count."""

    metrics: Metrics
    answers: tuple[ScoredAnswer, ...]
    judge: JudgeShare | None = None


def evaluation_report(settings: Mapping[str, Any], measured: Sequence[Measured], pictures_of: PicturesOf) -> str:
    """Return the whole page; it needs nothing but itself."""
    scores = chart_grid([score_chart([one.metrics for one in measured])], is_wide=True)
    sections = [section("Results", _overview(measured), scores)]
    sections += [_benchmark(one, pictures_of) for one in measured]
    lengths = chart_grid([length_chart(one.metrics.benchmark, one.answers) for one in measured])
    if lengths is not None:
        sections.append(section("Length of answers", hint(LENGTHS), lengths))
    sections.append(section("Settings", settings_table(settings)))
    return page("Evaluation", *sections, subtitle=str(settings.get("model", "")))


def _overview(measured: Sequence[Measured]) -> Element:
    papers = [("ReVisual-R1 7B", REVISUAL_R1_7B), ("Vision-R1 7B", VISION_R1_7B)]
    shown = [(name, row) for name, row in papers if any(one.metrics.benchmark in row for one in measured)]
    others = [one.metrics.by_other_rules for one in measured]
    columns: list[Column | str] = ["Benchmark", "Figure", SHARE]
    columns += [Column(name, format=PERCENT) for name in _names_of_rules(others)]
    columns += [Column(name, "its paper", PERCENT) for name, _ in shown]
    columns += ["Problems", "Answers", "Cut", "No answer", "Undecided", "Failed"]
    rows: list[list[Cell]] = []
    for one, other in zip(measured, others, strict=True):
        metrics, counts = one.metrics, one.metrics.counts
        second: list[Cell] = [None if other is None else other.value] if any(others) else []
        paper: list[Cell] = [row.get(metrics.benchmark) for _, row in shown]
        numbers = (
            counts.asked if counts.whole is not None else counts.problems,
            counts.answers,
            counts.truncated,
            counts.unanswered,
            counts.undecided,
            counts.failed,
        )
        rows.append([metrics.benchmark, metrics.headline.name, _estimate(metrics.headline), *second, *paper, *numbers])
    caption = (
        "Intervals are 95 %, Wilson's of shares and else bootstraps over problems. Cut: answers at the limit "
        "of tokens. No answer: the response commits to none, which is wrong. Undecided: no verdict was reached. "
        "Failed: the request got no answer. Undecided and failed ones count neither as right nor as wrong."
    )
    return table(columns, rows, caption)


def _names_of_rules(figures: Sequence[Figure | None]) -> list[str]:
    """Return the heading of the column with the headlines by the other rules; none where there are no such."""
    return list(dict.fromkeys(label(figure.name.partition("/")[0]) for figure in figures if figure is not None))


def _estimate(figure: Figure) -> Estimate:
    return Estimate(figure.value, figure.low, figure.high)


def _benchmark(measured: Measured, pictures_of: PicturesOf) -> Section:
    metrics = measured.metrics
    figures = figures_table(metrics, caption=_judge_caption(measured.judge))
    wrong = [_wrong_answer(answer, pictures_of) for answer in wrong_answers(measured.answers)]
    shown = fold(_how_many(measured, len(wrong)), *wrong, class_="wrong") if wrong else None
    return section(metrics.benchmark, figures, groups_table(metrics.figures), shown)


def _how_many(measured: Measured, shown: int) -> str:
    """Tell how many of the questions that were answered wrongly are shown."""
    wrong = len({one.item_id for one in measured.answers if one.is_decided and one.score < 1})
    return f"{shown} of {wrong:,} questions with wrong answers" if shown < wrong else f"{wrong} wrong answers"


def _judge_caption(judge: JudgeShare | None) -> str:
    if judge is None:
        return ""
    return (
        f"Of {judge.answers:,} answers the rules left {judge.undecided:,} open, {judge.by_judge:,} of which a language "
        f"model decided. It was shown {judge.checked:,} decided ones too, and disagreed with the rules on "
        f"{judge.disagreed:,}."
    )


def wrong_answers(answers: Sequence[ScoredAnswer], most: int = MOST_WRONG) -> list[ScoredAnswer]:
    """Return the first wrong answers, one per question."""
    by_item: dict[str, ScoredAnswer] = {}
    for answer in answers:
        if answer.is_decided and answer.score < 1:
            by_item.setdefault(answer.item_id, answer)
    return list(by_item.values())[:most]


def _wrong_answer(answer: ScoredAnswer, pictures_of: PicturesOf) -> Element:
    choices = "\n" + "\n".join(answer.choices) if answer.choices else ""
    end = ", cut at the limit of tokens" if answer.is_truncated else ""
    found = element("b", *typeset_answer(answer.extracted)) if answer.extracted else "none"
    return show_answer(
        [element("b", answer.item_id), f"answer {answer.sample_index + 1}{end}"],
        f"{answer.question}{choices}",
        answer.response,
        ["Extracted: ", found, f" by {answer.rule}. Gold answer: ", element("b", *typeset_answer(answer.gold))],
        _readable(pictures_of(answer), answer.item_id),
    )


def _readable(sources: Sequence[ImageSource], id: str) -> list[Image]:
    pictures = []
    for source in sources:
        try:
            pictures.append(source.load(id))
        except UserError:
            continue  # what could not be read was reported as a failed request
    return pictures
