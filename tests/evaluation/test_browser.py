"""The report opened in a real browser, from the file system."""

from dataclasses import replace

import pytest
from PIL import Image

from revisual.data.images import ImageSource
from revisual.evaluation.answers import ScoredAnswer
from revisual.evaluation.benchmarks import MathVision
from revisual.evaluation.report import Measured, evaluation_report
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


def test_formulas_are_typeset_and_what_is_none_is_as_it_was(tmp_path):
    response = r"<think>$x^2 = \frac{1}{2}$ for $5, \unknown{y}</think>\[\sqrt{2}\] so \boxed{\text{<b>1</b>}}"
    answers = [replace(PLAIN, response=response, question=r"Find \(x\).", gold=r"\frac{1}{2}")]
    page = tmp_path / "report.html"
    page.write_text(evaluation_report({}, [measure(MathVision(), answers, Textual(), "project")], lambda _: []))
    seen = visit(
        page,
        "[...document.querySelectorAll('details')].forEach(one => one.open = true)",
        "[...document.querySelectorAll('math')].map(one => one.querySelector('annotation').textContent)",
        "[...document.querySelectorAll('math')].every(one => one.getBoundingClientRect().height > 5)",
        "[...document.querySelectorAll('annotation')].some(one => one.getBoundingClientRect().height > 0)",
        "document.querySelector('mfrac').namespaceURI",
        "document.querySelector('mfrac').children[1].getBoundingClientRect().top"
        " - document.querySelector('mfrac').children[0].getBoundingClientRect().top > 4",
        "document.querySelector('.response').innerText",
    )
    _, sources, are_drawn, is_source_seen, namespace, is_below, text = seen.values
    formulas = [r"x^2 = \frac{1}{2}", r"\sqrt{2}", r"\boxed{\text{<b>1</b>}}"]
    assert sources == [r"x", *formulas, r"\frac{1}{2}"] and are_drawn and not is_source_seen
    assert namespace == "http://www.w3.org/1998/Math/MathML" and is_below
    assert r"for $5, \unknown{y}</think>" in text and seen.errors == []


@pytest.mark.parametrize("figure", ["pass@1", "worst_case/accuracy"])
def test_the_results_of_five_benchmarks_fit_the_page(tmp_path, figure):
    """Beside both papers' figures and those by other rules."""
    answers = [replace(PLAIN, item_id=str(i), score=float(i % 2)) for i in range(1200)]
    one = measure(MathVision(), answers, Textual(), "project").metrics
    headline = replace(one.headline, name=figure)
    measured = [
        Measured(replace(one, benchmark=name, headline=headline), ())
        for name in ("mathverse", "mathvision", "mathvista", "dynamath", "aime24")
    ]
    page = tmp_path / "report.html"
    page.write_text(evaluation_report({"model": "out/of/a/long/path/" * 12}, measured, lambda _: []))
    seen = visit(
        page,
        "document.querySelectorAll('thead')[0].textContent",
        "[...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth).length",
        "document.documentElement.scrollWidth <= window.innerWidth",
    )
    heads, overflowing, fits = seen.values
    assert "ReVisual-R1 7B" in heads and "Vision-R1 7B" in heads and "Official rules" in heads
    assert overflowing == 0 and fits
