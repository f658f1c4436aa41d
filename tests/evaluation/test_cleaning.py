import pytest

from evaluation.answers_of import Textual, figures
from evaluation.made_layouts import write_rows
from evaluation.made_models import answered
from revisual.evaluation.benchmarks import MathVerse, MathVision
from revisual.evaluation.cleaning import ORIGINAL_GOLD


@pytest.mark.parametrize(
    ("benchmark", "dirty", "fields"),
    [
        (MathVision(), {"2521": "11 ", "2830": "\x0crac{36}{13}", "2947": "69{degrees}"}, {"level": 1, "subject": "x"}),
        (
            MathVerse(),
            {"440": "C\nD", "517": "(C)"},
            {
                "problem_version": "Text Lite",
                "question_type": "multi-choice",
                "metadata": {"subject": "", "subfield": ""},
            },
        ),
    ],
)
def test_dirty_golds_are_mended_and_both_figures_are_shown(benchmark, dirty, fields, tmp_path):
    """A model that is right by the mended golds, and one that answers a clean question wrongly besides."""
    rows = [{"id": id, "question": "Which?", "answer": gold, "images": [], **fields} for id, gold in dirty.items()]
    rows.append({"id": "1", "question": "Which?", "answer": "7", "images": [], **fields})
    rows = [row | {"problem_index": row["id"], "choices": None} for row in rows]
    write_rows(tmp_path / benchmark.jsonl, rows)
    items = list(benchmark.items(tmp_path))
    assert {item.sample.id: item.fields[ORIGINAL_GOLD] for item in items if ORIGINAL_GOLD in item.fields} == dirty
    answers = answered(benchmark, items, lambda item: rf"\boxed{{{item.sample.answer}}}", Textual())
    found = figures(benchmark.metrics(answers, Textual()))
    (original,) = [one for name, one in found.items() if name.startswith("original_golds/")]
    assert found["pass@1"].value == 1.0 and original.value == pytest.approx(1 / len(rows))
