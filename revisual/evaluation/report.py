"""The report of an evaluation: figures beside the paper's, where they come from, and wrong answers to read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL.Image import Image

from revisual.data.images import ImageSource
from revisual.errors import UserError
from revisual.evaluation.answers import ScoredAnswer
from revisual.evaluation.charts import group_charts, laid_out, length_charts, score_charts
from revisual.evaluation.judge_model import JudgeShare
from revisual.evaluation.metrics.figures import Figure, Metrics
from revisual.evaluation.paper import REVISUAL_R1_7B, VISION_R1_7B
from revisual.report.formats import NUMBER, PERCENT, label
from revisual.report.html import Element, Section, element, page, section
from revisual.report.rollouts import RolloutExample, show_rollout
from revisual.report.table import Cell, Column, Estimate, table

MOST_WRONG = 12
"""Wrong answers shown per benchmark: the first of them, each of a question of its own."""
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
    """The whole page; it needs nothing but itself."""
    scores = score_charts([one.metrics for one in measured])
    sections = [section("Results", _overview(measured), *laid_out(scores))]
    sections += [_benchmark(one, pictures_of) for one in measured]
    sections.append(section("Settings", _settings(settings)))
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
            counts.problems,
            counts.answers,
            counts.truncated,
            counts.unanswered,
            counts.undecided,
            counts.failed,
        )
        rows.append([metrics.benchmark, metrics.headline.name, _estimate(metrics.headline), *second, *paper, *numbers])
    caption = (
        "Intervals are 95 % bootstraps over problems. Cut: answers that reached the limit of tokens. No answer: the "
        "response commits to none, which is wrong. Undecided: no verdict was reached. Failed: the request got no "
        "answer. Undecided and failed ones count neither as right nor as wrong."
    )
    return table(columns, rows, caption)


def _names_of_rules(figures: Sequence[Figure | None]) -> list[str]:
    """The heading of the column with the headlines by the other rules; none where there are no such."""
    return list(dict.fromkeys(label(figure.name.partition("/")[0]) for figure in figures if figure is not None))


def _estimate(figure: Figure) -> Estimate:
    return Estimate(figure.value, figure.low, figure.high)


def _benchmark(measured: Measured, pictures_of: PicturesOf) -> Section:
    metrics = measured.metrics
    rows: list[list[Cell]] = [[one.name, _estimate(one), one.n] for one in (metrics.headline, *metrics.figures)]
    figures = table(["Figure", SHARE, Column("Problems", format=NUMBER)], rows, caption=_judge_caption(measured.judge))
    charts = laid_out([*group_charts(metrics.figures), *length_charts(measured.answers)])
    wrong = [_wrong_answer(answer, pictures_of) for answer in wrong_answers(measured.answers)]
    shown = element("details", element("summary", f"{len(wrong)} wrong answers"), *wrong) if wrong else None
    return section(metrics.benchmark, figures, *charts, shown)


def _judge_caption(judge: JudgeShare | None) -> str:
    if judge is None:
        return ""
    return (
        f"Of {judge.answers:,} answers the rules left {judge.undecided:,} open, {judge.by_judge:,} of which a language "
        f"model decided. It was shown {judge.checked:,} decided ones too, and disagreed with the rules on "
        f"{judge.disagreed:,}."
    )


def wrong_answers(answers: Sequence[ScoredAnswer], most: int = MOST_WRONG) -> list[ScoredAnswer]:
    """The first wrong answers, one per question."""
    by_item: dict[str, ScoredAnswer] = {}
    for answer in answers:
        if answer.is_decided and answer.score < 1:
            by_item.setdefault(answer.item_id, answer)
    return list(by_item.values())[:most]


def _wrong_answer(answer: ScoredAnswer, pictures_of: PicturesOf) -> Element:
    choices = "\n" + "\n".join(answer.choices) if answer.choices else ""
    end = ", cut" if answer.is_truncated else ""
    found = f"extracted {answer.extracted!r}" if answer.extracted else "no answer"
    example = RolloutExample(
        question=f"{answer.question}{choices}",
        response=answer.response,
        answer=answer.gold,
        score=answer.score,
        stage=f"{answer.item_id}, answer {answer.sample_index + 1}{end}, {found} by {answer.rule}",
        pictures=_readable(pictures_of(answer), answer.item_id),
    )
    return show_rollout(example)


def _readable(sources: Sequence[ImageSource], id: str) -> list[Image]:
    pictures = []
    for source in sources:
        try:
            pictures.append(source.load(id))
        except UserError:
            continue  # what could not be read was reported as a failed request
    return pictures


def _settings(settings: Mapping[str, Any]) -> Element:
    return table(["Setting", "Value"], [[name, str(value)] for name, value in settings.items() if value is not None])
