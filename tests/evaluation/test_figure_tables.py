from dataclasses import replace

from report.parsing import parse

from revisual.evaluation.metrics.figures import Counts, Figure, Metrics
from revisual.evaluation.report import Measured, evaluation_report

FIGURES = (Figure("level/1", 0.25, 4, 0.0, 0.5), Figure("level/2", 0.75, 4, 0.5, 1.0), Figure("pass@2", None, 0))
METRICS = Metrics("aime24", Figure("avg@2", 0.5, 8, 0.25, 0.75), FIGURES, Counts(8, 16, 1, 2, 3, 4))


def page(*answers, metrics=METRICS, judge=None, pictures=(), settings=None):
    return parse(evaluation_report(settings or {"model": "m"}, [Measured(metrics, answers, judge)], lambda _: pictures))


def rows_of(table):
    return [[cell.words for cell in row.all("th") + row.all("td")] for row in table.all("tbody")[0].all("tr")]


def test_each_group_has_its_interval_in_numbers_and_drawn():
    single = Figure("subject/algebra", 0.5, 8, 0.3, 0.7)  # the only subject: nothing is split by it
    found = page(metrics=replace(METRICS, figures=(*FIGURES, single)))
    (folded,) = found.all("details", class_="folded")
    assert folded.all("summary")[0].words == "By level" and "open" in folded.attributes
    expected = [["Level", "1", "25.0%", "0.0%–50.0%", "", "4"], ["", "2", "75.0%", "50.0%–100.0%", "", "4"]]
    assert rows_of(folded.all("table")[0]) == expected
    assert "subject/algebra" in found.all("table")[1].words
    dots = [plot.all("circle")[0]["cx"] for plot in folded.all("svg")]
    whiskers = [plot.all("polyline")[0].attributes["points"] for plot in folded.all("svg")]
    assert (dots, whiskers) == ([53.0, 147.0], ["6.0,8 100.0,8", "100.0,8 194.0,8"])


def test_long_tables_of_groups_are_folded():
    subjects = tuple(Figure(f"subject/transformation geometry {i}", 0.5, 4) for i in range(40))
    (folded,) = page(metrics=replace(METRICS, figures=(*FIGURES, *subjects))).all("details", class_="folded")
    assert folded.all("summary")[0].words == "By level, subject" and "open" not in folded.attributes
    assert len(rows_of(folded.all("table")[0])) == 42 and "transformation geometry 39" in folded.words
