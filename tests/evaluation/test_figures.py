"""Counts, means and splits of recorded answers."""

import json
from dataclasses import replace

import pytest

from evaluation.answers_of import Textual, answer, failed, figures, undecided, values
from evaluation.made_models import answered
from revisual.evaluation.answers import TRUNCATED
from revisual.evaluation.benchmark import under_official_rules
from revisual.evaluation.benchmarks import MathVerse, MathVision
from revisual.evaluation.cleaning import ORIGINAL_GOLD
from revisual.evaluation.metrics.figures import Counts, Figure
from revisual.evaluation.metrics.standard import standard_metrics


def of(answers, **options):
    return standard_metrics("b", answers, Textual(), **options)


def test_no_answers():
    metrics = of([])
    assert metrics.headline == Figure("pass@1", None, 0)
    assert metrics.figures == ()
    assert metrics.counts == Counts(0, 0, 0, 0, 0, 0)


def test_what_no_figure_counts_is_counted_apart():
    cut = answer("d", 0, extracted="")
    answers = [answer("a", 1), answer("b", 0), failed("c"), undecided("e")]
    answers.append(type(cut)(**{**vars(cut), "finish_reason": TRUNCATED}))
    metrics = of(answers)
    assert (metrics.headline.value, metrics.headline.n) == (pytest.approx(1 / 3), 3)
    assert metrics.counts == Counts(problems=5, answers=5, failed=1, undecided=1, truncated=1, unanswered=1)


def test_failures_never_lower_a_score():
    assert of([answer("a", 1), failed("b"), undecided("c")]).headline.value == 1.0
    assert of([failed("b")]).headline.value is None


def test_splits_by_a_field_and_by_each_value_of_a_list():
    answers = [
        answer("a", 1, level=2, skills=["x", "y"]),
        answer("b", 0, level=10, skills=["y"]),
        answer("c", 1, level=10, skills=[]),
        answer("d", 0, level=None, skills=None),
    ]
    found = figures(of(answers, by=["level", "skills"]))
    assert [name for name in found if "/" in name] == ["level/2", "level/10", "skills/x", "skills/y"]
    assert {name: (one.value, one.n) for name, one in found.items() if "/" in name} == {
        "level/2": (1.0, 1),
        "level/10": (0.5, 2),
        "skills/x": (1.0, 1),
        "skills/y": (0.5, 2),
    }
    assert found["level/2"].low is None
    assert found["level/10"].low <= 0.5 <= found["level/10"].high


def test_avg_at_n_weighs_problems_alike_however_many_verdicts_they_have():
    answers = [answer("a", 1, 0), answer("a", 1, 1), answer("a", 0, 2), answer("b", 0, 0), failed("b", 1)]
    assert values(of(answers))["avg@3"] == pytest.approx((2 / 3 + 0) / 2)


def test_figures_by_the_original_golds():
    clean = answer("a", 1, extracted="11", **{ORIGINAL_GOLD: "11 "})
    spelled_as_it_was = answer("b", 0, extracted="69{degrees}", **{ORIGINAL_GOLD: "69{degrees}"})
    found = values(of([clean, spelled_as_it_was, answer("c", 1), failed("d", **{ORIGINAL_GOLD: "x"})]))
    assert found == {"pass@1": pytest.approx(2 / 3), "original_golds/pass@1": pytest.approx(2 / 3)}
    found = values(of([clean, answer("c", 1)]))
    assert found == {"pass@1": 1.0, "original_golds/pass@1": 0.5}


def test_official_rules_go_by_the_original_gold_and_leave_no_second_figure():
    said = replace(answer("2947", 1, extracted="69", **{ORIGINAL_GOLD: "69{degrees}", "level": 1}), gold="69")
    plain = replace(answer("1", 0, extracted="0.33"), gold="1/3", score=0.0)
    lost, unruled = failed("3"), undecided("4")
    ruled = under_official_rules(MathVision(), [said, plain, lost, unruled])
    assert [one.score for one in ruled[:2]] == [0.0, 1.0]
    assert (ruled[0].fields, ruled[0].error, ruled[2]) == ({"level": 1}, None, lost)
    assert ruled[3].is_decided  # the official rules decide what the project's grader could not
    assert all(not figure.name.startswith("original") for figure in MathVision().metrics(ruled, Textual()).figures)


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
    path = tmp_path / benchmark.jsonl
    path.parent.mkdir()
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    items = list(benchmark.items(tmp_path))
    assert {item.sample.id: item.fields[ORIGINAL_GOLD] for item in items if ORIGINAL_GOLD in item.fields} == dirty
    answers = answered(benchmark, items, lambda item: rf"\boxed{{{item.sample.answer}}}", Textual())
    found = figures(benchmark.metrics(answers, Textual()))
    (original,) = [one for name, one in found.items() if name.startswith("original_golds/")]
    assert found["pass@1"].value == 1.0 and original.value == pytest.approx(1 / len(rows))
