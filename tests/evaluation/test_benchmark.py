from dataclasses import replace

from evaluation.answers_of import Textual, answer, failed, undecided
from revisual.evaluation.benchmark import under_official_rules
from revisual.evaluation.benchmarks import MathVision
from revisual.evaluation.cleaning import ORIGINAL_GOLD


def test_official_rules_go_by_the_original_gold_and_leave_no_second_figure():
    said = replace(answer("2947", 1, extracted="69", **{ORIGINAL_GOLD: "69{degrees}", "level": 1}), gold="69")
    plain = replace(answer("1", 0, extracted="0.33"), gold="1/3", score=0.0)
    lost, unruled = failed("3"), undecided("4")
    ruled = under_official_rules(MathVision(), [said, plain, lost, unruled])
    assert [one.score for one in ruled[:2]] == [0.0, 1.0]
    assert (ruled[0].fields, ruled[0].error, ruled[2]) == ({"level": 1}, None, lost)
    assert ruled[3].is_decided  # the official rules decide what the project's grader could not
    assert all(not figure.name.startswith("original") for figure in MathVision().metrics(ruled, Textual()).figures)
