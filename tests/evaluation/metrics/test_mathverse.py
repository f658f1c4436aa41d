import pytest

from evaluation.answers_of import Textual, answer, values
from revisual.evaluation.benchmarks import MathVerse
from revisual.evaluation.metrics.mathverse import VERSIONS


def versions(index, scores):
    fields = [{"problem_index": index, "problem_version": version} for version in scores]
    pairs = zip(fields, scores.values(), strict=True)
    return [answer(f"{index}/{one['problem_version']}", score, **one) for one, score in pairs]


def test_mathverse_is_the_mean_over_five_versions_and_text_only_stands_apart():
    right = dict.fromkeys(VERSIONS, 1) | {"Vision Only": 0, "Text Only": 0}
    wrong = dict.fromkeys(VERSIONS, 0) | {"Text Only": 0}
    metrics = MathVerse().metrics(versions("1", right) + versions("2", wrong), Textual())
    found = values(metrics)
    assert (metrics.headline.name, metrics.headline.value, metrics.headline.n) == ("mean_of_versions", 0.4, 2)
    assert found["problem_version/Text Lite"] == 0.5
    assert found["problem_version/Vision Only"] == 0.0
    assert found["problem_version/Text Only"] == 0.0


def test_mathverse_weighs_versions_alike_where_some_are_missing():
    answers = versions("1", {"Text Lite": 1, "Vision Only": 0}) + versions("2", {"Vision Only": 1})
    answers += versions("3", {"Vision Only": 0})
    assert MathVerse().metrics(answers, Textual()).headline.value == pytest.approx((1 + 1 / 3) / 2)


def test_mathverse_with_text_only_alone():
    metrics = MathVerse().metrics(versions("1", {"Text Only": 1}), Textual())
    assert (metrics.headline.name, metrics.headline.value) == ("pass@1", 1.0)
