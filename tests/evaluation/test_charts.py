from dataclasses import replace

from report.parsing import parse

from revisual.evaluation.answers import ScoredAnswer
from revisual.evaluation.metrics.figures import Counts, Figure, Metrics
from revisual.evaluation.report import Measured, evaluation_report

WRONG = ScoredAnswer("aime24", "60", 0, "<think>Hm</think>8", "stop", "8", "bare/number", 0.0, gold="7", tokens=3)
FIGURES = (Figure("level/1", 0.25, 4, 0.0, 0.5), Figure("level/2", 0.75, 4, 0.5, 1.0), Figure("pass@2", None, 0))
METRICS = Metrics("aime24", Figure("avg@2", 0.5, 8, 0.25, 0.75), FIGURES, Counts(8, 16, 1, 2, 3, 4))


def page(*answers, metrics=METRICS, judge=None, pictures=(), settings=None):
    return parse(evaluation_report(settings or {"model": "m"}, [Measured(metrics, answers, judge)], lambda _: pictures))


def test_scores_of_several_benchmarks_are_drawn_beside_the_papers():
    assert not page().all("figure", class_="chart")
    three = [Measured(replace(METRICS, benchmark=name), ()) for name in ("aime24", "wemath", "sums")]
    (chart,) = parse(evaluation_report({"model": "m"}, three, lambda _: ())).all("figure", class_="chart")
    assert [text.words for text in chart.all("text", class_="x")] == ["aime24", "wemath"]
    assert len(chart.all("circle", class_="dot")) == 4 + 2  # two scores and two of the paper; two in the legend


def test_lengths_of_right_and_wrong_answers():
    right = [replace(WRONG, item_id=str(i), score=1.0, tokens=10 * i) for i in range(1, 4)]
    open_one = replace(WRONG, error="timeout", tokens=1000)
    (chart,) = page(*right, WRONG, open_one).all("figure", class_="chart")
    assert chart.all("figcaption")[0].words == "aime24"
    tips = {tip.words for tip in chart.all("title")}
    right_tips = {"right\ntokens 10: 33.3%", "right\ntokens 20: 66.7%", "right\ntokens 30: 100.0%"}
    assert tips == {*right_tips, "wrong\ntokens 3: 100.0%"}
