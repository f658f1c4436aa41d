"""DynaMath, We-Math and MathVerse against families worked out by hand, and by brute force."""

import itertools
import random

import pytest

from evaluation.answers_of import Textual, answer, failed, figures, values
from revisual.evaluation.benchmarks import DynaMath, MathVerse, WeMath
from revisual.evaluation.metrics.mathverse import VERSIONS
from revisual.evaluation.metrics.we_math_domains import DOMAINS


def variants(qid, scores, index=0):
    fields = [{"qid": qid, "variant": number} for number in range(1, len(scores) + 1)]
    return [answer(f"q{qid}_v{one['variant']}", score, index, **one) for one, score in zip(fields, scores, strict=True)]


def dynamath(answers):
    return figures(DynaMath().metrics(answers, Textual()))


def test_dynamath_average_and_worst_case():
    found = dynamath(variants(1, [1] * 10) + variants(2, [1] * 9 + [0]) + variants(3, [0] * 10))
    assert (found["worst_case"].value, found["worst_case"].n) == (pytest.approx(1 / 3), 3)
    assert (found["average"].value, found["average"].n) == (pytest.approx(19 / 30), 3)
    assert DynaMath().metrics([], Textual()).headline.name == "worst_case"


def test_dynamath_counts_complete_questions_only_in_its_worst_case():
    lost = failed("q2_v10", qid=2, variant=10)
    found = dynamath(variants(1, [1] * 10) + variants(2, [1] * 9) + [lost] + variants(3, [1] * 4))
    assert (found["worst_case"].value, found["worst_case"].n) == (1.0, 1)
    assert (found["average"].value, found["average"].n) == (1.0, 3)


def test_dynamath_worst_case_of_several_runs_is_their_mean():
    found = dynamath(variants(1, [1] * 10, 0) + variants(1, [1] * 9 + [0], 1) + variants(2, [0] * 10, 0))
    # Question 1 is right in one of two runs: 1 of 3 complete runs in all.
    assert found["worst_case"].value == pytest.approx(1 / 3)


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


def test_we_math_domains_are_means_over_concepts_of_means_over_steps():
    """As in evaluation/accuracy.py: a concept asked often weighs no more; the whole problem counts in none."""
    asked = [
        ("Translation", [1, 1, 1, 0]),  # 3/4
        ("Rotation", [0]),
        ("Axial Symmetry", []),
        ("Parallel", [1, 0]),
        ("Something new", [1]),
    ]
    steps = [
        answer(f"{concept}{i}", score, family=f"{concept}{i}", key="2steps_1", knowledge_concept=concept)
        for concept, scores in asked
        for i, score in enumerate(scores)
    ]
    whole = answer("whole", 0, family="f", key="2steps_multi", knowledge_concept="Translation;Rotation")
    found = {name: one for name, one in we_math([*steps, whole]).items() if name.startswith("domain/")}
    assert {name: (one.value, one.n) for name, one in found.items()} == {
        "domain/Basic Transformations of Figures": (3 / 8, 5),
        "domain/Understanding of Plane Figures": (0.5, 2),
    }


def test_we_math_has_67_concepts_in_12_domains():
    concepts = [concept for group in DOMAINS.values() for concept in group]
    assert len(DOMAINS) == 12 and len(concepts) == len(set(concepts)) == 67
