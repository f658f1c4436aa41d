from dataclasses import replace

import pytest

from revisual.client.journal import Record
from revisual.client.request import Decoding
from revisual.evaluation.answers import ScoredAnswer
from revisual.evaluation.judge_model import (
    JudgeShare,
    ModelJudge,
    find_undecided,
    is_open,
    judge_share,
    verdict,
    with_judgement,
)
from revisual.evaluation.responder import Responder

RIGHT = ScoredAnswer("b", "1", 0, "<think>no</think>\\boxed{7}", "stop", "7", "boxed/number", 1.0, gold="7")
WRONG = replace(RIGHT, item_id="2", extracted="8", score=0.0)
SILENT = replace(RIGHT, item_id="3", extracted="", rule="none", score=0.0)
TIMEOUT = replace(RIGHT, item_id="4", score=0.0, error="timeout")
FAILED = replace(SILENT, item_id="5", finish_reason="failed", error="request: HTTP 500")
NO_GOLD = replace(TIMEOUT, item_id="6", gold=" ", error="unparsable_gold")
ALL = [RIGHT, WRONG, SILENT, TIMEOUT, FAILED, NO_GOLD]


class Recorded(Responder):
    """Says what it is told, and keeps what it is asked."""

    def __init__(self, *said):
        self.said, self.asked = said, []

    model, trouble = "recorded", ""

    def answers(self, requests, journal):
        for said, request in zip(self.said, requests, strict=True):
            self.asked.append(request.messages[1]["content"])
            yield Record(request.key("m", Decoding()), request.id, 0, 0, said, "stop")


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ("YES", 1.0),
        ("no.", 0.0),
        ("<think>no</think>\n**Yes**", 1.0),
        ("yes and no", None),
        ("", None),
        ("<think>", None),
    ],
)
def test_verdict(response, expected):
    assert verdict(response) == expected


def test_what_is_open():
    assert [is_open(one) for one in ALL] == [False, False, True, True, False, True]
    assert find_undecided(ALL) == [2, 3]


def test_only_open_answers_change(tmp_path):
    judge = Recorded("YES", "NO")
    found = ModelJudge(judge, checks=0)(ALL, tmp_path / "a.jsonl")
    assert found[:2] == [RIGHT, WRONG] and found[4:] == [FAILED, NO_GOLD]
    assert found[2] == replace(SILENT, score=1.0, rule="judge", judged=1.0)
    assert found[3] == replace(TIMEOUT, score=0.0, rule="judge", judged=0.0, error=None)
    assert len(judge.asked) == 2 and "Reference answer:\n7" in judge.asked[0] and "<think>" not in judge.asked[0]
    assert judge_share(found) == JudgeShare(answers=5, undecided=3, by_judge=2, checked=0, disagreed=0)


def test_checks_are_of_decided_answers_and_change_none(tmp_path):
    found = ModelJudge(Recorded("NO", "NO", "YES", "dunno"), checks=10)(ALL, tmp_path / "a.jsonl")
    assert [answer.judged for answer in found] == [0.0, 0.0, 1.0, None, None, None]
    assert (found[0].score, found[0].rule, found[3]) == (1.0, "boxed/number", TIMEOUT)
    assert judge_share(found) == JudgeShare(answers=5, undecided=3, by_judge=1, checked=2, disagreed=1)


def test_the_sample_is_seeded_and_of_its_size(tmp_path):
    many = [replace(RIGHT, item_id=str(i)) for i in range(100)]
    places = [ModelJudge(Recorded(), checks=5, seed=seed)._sample(many) for seed in (0, 0, 1)]
    assert places[0] == places[1] != places[2] and len(set(places[0])) == 5


def test_nothing_to_judge_asks_nothing(tmp_path):
    assert ModelJudge(Recorded(), checks=0)([RIGHT, FAILED], tmp_path / "a.jsonl") == [RIGHT, FAILED]
    assert judge_share([RIGHT]) is None and not list(tmp_path.iterdir())


def test_a_verdict_counts_only_where_the_rules_have_none():
    assert with_judgement(replace(WRONG, judged=1.0)).score == 0.0
    assert with_judgement(replace(SILENT, judged=1.0)).score == 1.0
    assert with_judgement(SILENT) == SILENT
