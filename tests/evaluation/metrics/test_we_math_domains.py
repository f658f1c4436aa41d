from evaluation.answers_of import Textual, answer, figures
from revisual.evaluation.benchmarks import WeMath
from revisual.evaluation.metrics.we_math_domains import DOMAINS


def we_math(answers):
    return figures(WeMath().metrics(answers, Textual()))


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
