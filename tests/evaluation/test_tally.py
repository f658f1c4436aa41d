from revisual.evaluation.answers import ScoredAnswer
from revisual.evaluation.tally import AnswerTally


def answer(finish_reason="stop", score=0.0, error=None):
    return ScoredAnswer("b", "1", 0, "", finish_reason, "", "", score, error)


def test_verdicts_alone_are_counted():
    tally = AnswerTally()
    assert tally.words() == "" and tally.words("HTTP 500") == "HTTP 500"
    failed = answer("failed", error="x")
    for one in (answer(score=1.0), answer(), answer("length"), answer(error="timeout"), failed):
        tally.add(one)
    assert tally.words("HTTP 500") == "accuracy 33.3%, 1 cut, 1 failed, HTTP 500"
    assert len(tally.words("x" * 500)) < 120
