import io

import pytest
from revisual.evaluation.progress import AnswerProgress
from rich.console import Console

from revisual.client.journal import Record
from revisual.core.errors import UserError
from revisual.evaluation.answers import ScoredAnswer
from revisual.evaluation.runner import checked, items_by_id
from revisual.evaluation.selection import chosen_benchmarks, chosen_preset

from .sums import SUMS, write_sums


def answer(finish_reason="stop", score=0.0, error=None):
    return ScoredAnswer("b", "1", 0, "", finish_reason, "", "", score, error)


def test_state_counts_verdicts_alone(capsys):
    with AnswerProgress("sums", 6, Console(file=io.StringIO())) as progress:
        for one in (
            answer(score=1.0),
            answer(),
            answer("length"),
            answer(error="timeout"),
            answer("failed", error="x"),
        ):
            progress.add(one)
        assert progress.state("HTTP 500").partition("/s, ")[2] == "accuracy 33.3%, 1 cut, 1 failed, HTTP 500"
    assert capsys.readouterr().err.startswith("sums: 5/6, ")


def test_a_bar_on_a_terminal():
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120)
    with AnswerProgress("sums", 2, console) as progress:
        progress.add(answer(score=1.0))
    assert "1/2" in screen.getvalue() and "accuracy 100.0%" in screen.getvalue()


def test_all_failed_is_an_error():
    failed = Record("", "1", 0, 0, "", "failed", error="HTTP 500")
    with pytest.raises(UserError, match="all 2 requests failed; the last: HTTP 500"):
        list(checked([failed, failed]))
    assert len(list(checked([failed, Record("", "1", 0, 0, "7", "stop")]))) == 2


def test_items(tmp_path):
    write_sums(tmp_path / "data", 5)
    assert list(items_by_id(SUMS, tmp_path / "data", limit=3)) == ["s0", "s1", "s2"]


def test_chosen():
    assert [one.name for one in chosen_benchmarks(" wemath, aime24", [SUMS])] == ["wemath", "aime24", "sums"]
    for names, custom in (("aime24,aime24", []), ("", [SUMS, SUMS])):
        with pytest.raises(UserError, match="twice"):
            chosen_benchmarks(names, custom)
    for name in ("../x", "", "a/b", ".."):
        with pytest.raises(UserError, match="cannot be a file's name"):
            chosen_benchmarks("", [type(SUMS)(name=name)])
    assert chosen_preset("vision_r1").top_p == 0.95
