from dataclasses import replace

from revisual.evaluation.metrics.figures import Figure

from .pages import FIGURES, METRICS, page, rows_of


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
