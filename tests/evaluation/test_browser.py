"""The report opened in a real browser, from the file system."""

from dataclasses import replace

import pytest
from PIL import Image

from revisual.data.images import ImageSource
from revisual.evaluation.answers import ScoredAnswer
from revisual.evaluation.benchmarks import MathVision
from revisual.evaluation.report import evaluation_report
from revisual.evaluation.results import measure

from .answers_of import Textual
from .chromium import CHROMIUM, visit

HOSTILE = "<script>document.title = 'owned'</script><img src=http://127.0.0.1:9/x onerror=\"document.title = 'owned'\">"
PLAIN = ScoredAnswer(
    "mathvision", "1", 0, "", "stop", "8", "boxed/number", 0.0, None, {"level": 1, "subject": "x"}, "7"
)

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")]


def test_the_browser_would_notice(tmp_path):
    """A page that does what a report must not is found out."""
    page = tmp_path / "page.html"
    page.write_text(f"<body>{HOSTILE}<script>missing()</script></body>")
    seen = visit(page, "document.title")
    assert seen.values == ["owned"] and "http://127.0.0.1:9/x" in seen.requests
    assert any("missing is not defined" in error for error in seen.errors)


def test_a_report_is_read_without_network_and_scripts(tmp_path):
    """With hostile texts in every place that takes text from a model or from data."""
    answers = [
        replace(
            PLAIN, item_id=f"{HOSTILE}{i}", response=f"<think>{HOSTILE}</think>{HOSTILE} {i}", score=float(i % 2),
            gold=HOSTILE, question=HOSTILE, choices=(HOSTILE, "B"), tokens=5 * i, extracted=HOSTILE,
            fields={"level": i % 3, "subject": f"{HOSTILE}{i % 2}"},
        )
        for i in range(8)
    ]  # fmt: skip
    pictures = [ImageSource(image=Image.new("RGB", (40, 30), "red"))]
    measured = measure(MathVision(), answers, Textual(), "project")
    page = tmp_path / "report.html"
    page.write_text(evaluation_report({"model": HOSTILE, HOSTILE: HOSTILE}, [measured], lambda _: pictures))
    seen = visit(
        page,
        "document.title",
        "document.scripts.length",
        "[...document.querySelectorAll('article')].map(one => one.textContent)",
        "[...document.images].map(one => one.naturalWidth)",
        "document.querySelectorAll('svg').length > 5",
        "[...document.querySelectorAll('*')].filter(one => one.getAttribute('onerror')).length",
    )
    title, scripts, shown, widths, drawn, handlers = seen.values
    assert (title, scripts, handlers, drawn) == ("Evaluation", 0, 0, True)
    assert len(shown) == 4 and all(text.count(HOSTILE) >= 5 for text in shown)
    assert widths == [40] * 4
    assert seen.errors == []
    assert [address for address in seen.requests if not address.startswith("data:")] == [f"file://{page}"]
