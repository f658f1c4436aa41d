"""A report of made figures, read back."""

from report.parsing import parse

from revisual.evaluation.metrics.figures import Counts, Figure, Metrics
from revisual.evaluation.report import Measured, evaluation_report

FIGURES = (Figure("level/1", 0.25, 4, 0.0, 0.5), Figure("level/2", 0.75, 4, 0.5, 1.0), Figure("pass@2", None, 0))
METRICS = Metrics("aime24", Figure("avg@2", 0.5, 8, 0.25, 0.75), FIGURES, Counts(8, 16, 1, 2, 3, 4))


def page(*answers, metrics=METRICS, judge=None, pictures=(), settings=None):
    return parse(evaluation_report(settings or {"model": "m"}, [Measured(metrics, answers, judge)], lambda _: pictures))


def rows_of(table):
    return [[cell.words for cell in row.all("th") + row.all("td")] for row in table.all("tbody")[0].all("tr")]
