"""The benchmarks on their real questions, where the checkout has them beside it."""

import json
import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from evaluation.answers_of import Judging, Textual
from evaluation.made_layouts import NAMED, write_rows
from evaluation.made_models import GIVING_UP, OFFICIALLY, answered, boxed, one_answer
from revisual.evaluation.benchmark import under_official_rules
from revisual.evaluation.presets import OFFICIAL, REVISUAL_R1

DATA = Path(__file__).parents[4] / "shared/data"
SIZES = {
    "mathverse_text_only": 788,
    "mathvision": 304,
    "mathvista": 1000,
    "dynamath": 470,
    "wemath": 200,
    "logicvista": 96,
    "aime24": 30,
    "aime25": 30,
    "math500": 500,
    "geometry3k": 252,
    "gsm8k": 1319,
}

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real questions: {DATA} is absent")


@dataclass(frozen=True)
class Asked:
    benchmark: object
    items: list


@pytest.fixture(scope="module", params=SIZES)
def asked(request):
    benchmark = NAMED[request.param]
    return Asked(benchmark, list(benchmark.items(DATA)))


def part(asked, wanted=lambda item: True):
    """Some questions, as the project's rules take their time; of We-Math all, for its families."""
    items = [item for item in asked.items if wanted(item)]
    return Asked(asked.benchmark, items if asked.benchmark.name == "wemath" else items[:150])


def answers_of(asked, say, grader):
    return answered(asked.benchmark, asked.items, say, grader)


def headline(asked, answers):
    return asked.benchmark.metrics(answers, Textual()).headline.value


def test_all_questions_are_read_and_asked(asked):
    assert len(asked.items) == SIZES[asked.benchmark.name]
    for item in asked.items:
        question = item.sample.question.strip()
        assert question in asked.benchmark.prompt(item, OFFICIAL)
        assert asked.benchmark.prompt(item, REVISUAL_R1) == asked.benchmark.prompt(item, OFFICIAL)


def test_pictures_are_those_of_the_questions(asked):
    with_pictures = [item for item in asked.items if item.sample.images]
    assert len(with_pictures) in (0, len(asked.items))
    for item in with_pictures[:3]:
        assert all(picture.size(item.sample.id) > (1, 1) for picture in item.sample.images)


def test_a_perfect_model_scores_100(asked):
    answers = answers_of(asked, boxed, Textual())
    assert headline(asked, answers) == 1.0


def test_a_perfect_model_scores_100_by_the_rules_of_this_project(asked):
    items = part(asked, lambda item: item.sample.choices).items
    answers = answers_of(Asked(asked.benchmark, items), boxed, Judging())
    assert [answer.item_id for answer in answers if answer.score != 1.0] == []


def test_a_model_that_cannot_determine_anything_scores_0(asked):
    answers = answers_of(part(asked), lambda item: GIVING_UP, Judging())
    assert headline(asked, answers) == 0.0


def test_random_letters_score_at_chance(asked):
    generator = random.Random(11)
    sample = part(asked, lambda item: item.sample.choices).items
    if not sample:
        pytest.skip("no multiple choice")
    chances = [1 / len(item.sample.choices) for item in sample]
    right = 0.0
    for item in sample:
        letter = generator.choice("ABCDEFGH"[: len(item.sample.choices)])
        right += one_answer(asked.benchmark, item, rf"So it is \boxed{{{letter}}}.", Judging()).score
    spread = sum(chance * (1 - chance) for chance in chances) ** 0.5
    assert abs(right - sum(chances)) < 4 * spread


@pytest.mark.parametrize("name", [name for name in OFFICIALLY if name in SIZES])
def test_a_perfect_model_scores_100_by_the_official_rules(name):
    asked = Asked(NAMED[name], list(NAMED[name].items(DATA)))
    answers = answers_of(asked, OFFICIALLY[name], Textual())
    assert headline(asked, under_official_rules(asked.benchmark, answers)) == 1.0


@pytest.mark.parametrize(("name", "expected"), [("mathvision", 0), ("dynamath", 0), ("wemath", 0), ("mathvista", None)])
def test_giving_up_is_paid_by_mathvista_alone(name, expected):
    asked = part(Asked(NAMED[name], list(NAMED[name].items(DATA))))
    answers = answers_of(asked, lambda item: GIVING_UP, Judging())
    found = headline(asked, under_official_rules(asked.benchmark, answers))
    assert found == expected if expected is not None else found > 0.1


def test_what_needs_a_language_model_has_no_official_score():
    for name in ("mathverse_text_only", "math500", "aime24", "geometry3k"):
        benchmark = NAMED[name]
        item = next(benchmark.items(DATA))
        answer = one_answer(benchmark, item, rf"\boxed{{{item.sample.answer}}}", Textual())
        (ruled,) = under_official_rules(benchmark, [answer])
        assert (benchmark.official_score(answer), ruled.error) == (None, "no_official_rule")


def test_mathvista_prompts_are_the_official_ones():
    rows = [json.loads(line) for line in (DATA / "mathvista_text/testmini.jsonl").open()]
    items = list(NAMED["mathvista"].items(DATA))
    for row, item in zip(rows, items, strict=True):
        assert NAMED["mathvista"].prompt(item, OFFICIAL) == row["extra"]["query"]


def test_dirty_golds_are_cleaned_and_kept():
    items = {item.sample.id: item for item in NAMED["mathverse_text_only"].items(DATA)}
    assert len([item for item in items.values() if "original_gold" in item.fields]) == 10
    assert (items["440"].sample.answer, items["440"].fields["original_gold"]) == ("C, D", "C\nD")


def test_we_math_has_all_525_families(tmp_path):
    rows = [json.loads(line) for line in (DATA / "wemath/all_meta.jsonl").open()]
    rows = [{name: value for name, value in row.items() if name != "image_path"} | {"images": []} for row in rows]
    write_rows(tmp_path / "wemath/testmini.jsonl", rows)
    asked = Asked(NAMED["wemath"], list(NAMED["wemath"].items(tmp_path)))
    answers = answers_of(asked, boxed, Textual())
    metrics = asked.benchmark.metrics(answers, Textual())
    assert (metrics.headline.value, metrics.headline.n, metrics.counts.problems) == (1.0, 525, 1740)
