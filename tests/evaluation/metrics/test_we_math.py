import itertools
import random

import pytest

from evaluation.answers_of import Textual, answer, failed, figures
from revisual.evaluation.benchmarks import WeMath


def family(name, steps, parts, whole, index=0):
    keys = [*(f"{steps}steps_{number}" for number in range(1, steps + 1)), f"{steps}steps_multi"]
    scores = [*parts, whole]
    return [
        answer(f"{name}/{key}", score, index, family=name, key=key) for key, score in zip(keys, scores, strict=True)
    ]


def we_math(answers):
    return figures(WeMath().metrics(answers, Textual()))


# Each of the four ways at least once, by hand: steps, whole -> strict, loose.
FAMILIES = [
    family("2steps_1", 2, [1, 1], 1),  # CM, CM
    family("2steps_2", 2, [1, 1], 0),  # IG, IG
    family("2steps_3", 2, [1, 0], 0),  # IK, IK
    family("2steps_4", 2, [1, 0], 1),  # RM, CM
    family("3steps_1", 3, [0, 0, 0], 1),  # RM, RM
    family("3steps_2", 3, [1, 1, 1], 1),  # CM, CM
    family("3steps_3", 3, [0, 0, 0], 0),  # IK, IK
    family("3steps_4", 3, [0, 1, 1], 1),  # RM, CM
]


def test_we_math_by_hand():
    found = {name: one.value for name, one in we_math(list(itertools.chain(*FAMILIES))).items()}
    assert found["insufficient_knowledge"] == 2 / 8
    assert found["inadequate_generalization"] == 1 / 8
    assert found["complete_mastery_strict"] == 2 / 8
    assert found["complete_mastery_loose"] == 4 / 8
    assert found["rote_memorization_strict"] == 3 / 5
    assert found["rote_memorization_loose"] == 1 / 5
    assert found["score_strict"] == (8 - 0.5 * 1 - 3 - 2) / 8
    assert found["score_loose"] == (8 - 0.5 * 1 - 1 - 2) / 8
    assert found["steps/one"] == pytest.approx((2 + 2 + 1 + 1 + 0 + 3 + 0 + 2) / 20)
    assert found["steps/two"] == 2 / 4
    assert found["steps/three"] == 3 / 4
    assert WeMath().metrics([], Textual()).headline.name == "score_strict"


def test_we_math_as_the_official_sums_over_all_525_families():
    generator = random.Random(7)
    steps = [2] * 360 + [3] * 165
    made = [(count, [generator.random() < 0.7 for _ in range(count)], generator.random() < 0.5) for count in steps]
    answers = [
        one for n, (count, parts, whole) in enumerate(made) for one in family(f"{count}steps_{n}", count, parts, whole)
    ]
    found = {name: one.value for name, one in we_math(answers).items()}
    knowledge = sum(not all(parts) and not whole for _, parts, whole in made)
    generalization = sum(all(parts) and not whole for _, parts, whole in made)
    for loose, covers in ((False, all), (True, any)):
        kind = "loose" if loose else "strict"
        mastery = sum(covers(parts) and whole for _, parts, whole in made)
        memory = sum(not covers(parts) and whole for _, parts, whole in made)
        assert found[f"score_{kind}"] == pytest.approx((525 - 0.5 * generalization - memory - knowledge) / 525)
        assert found[f"rote_memorization_{kind}"] == pytest.approx(memory / (mastery + memory))


def test_we_math_without_any_whole_problem_right_divides_by_nothing():
    found = we_math(family("2steps_1", 2, [1, 0], 0) + family("2steps_2", 2, [1, 1], 0))
    assert found["rote_memorization_strict"].value is None
    assert found["rote_memorization_loose"].low is None
    assert found["score_strict"].value == 0.25


def test_we_math_leaves_families_out_that_miss_a_verdict():
    broken = [*family("2steps_2", 2, [0, 0], 0)[:-1], failed("2steps_2/m", family="2steps_2", key="2steps_multi")]
    found = we_math(family("2steps_1", 2, [1, 1], 1) + broken)
    assert (found["score_strict"].value, found["score_strict"].n) == (1.0, 1)
    assert found["steps/one"].value == 0.5


def test_we_math_of_several_runs_is_their_mean():
    found = we_math(family("2steps_1", 2, [1, 1], 1, 0) + family("2steps_1", 2, [1, 1], 0, 1))
    assert found["score_strict"].value == 0.75
