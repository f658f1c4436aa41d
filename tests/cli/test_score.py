"""`revisual score`: everything anew from results.jsonl, without a model."""

import json

import pytest
from evaluation.sums import CUSTOM, half_right_server, write_sums
from report.parsing import parse

from revisual.cli.main import main
from revisual.evaluation.answers import ScoredAnswer, read_answers, write_answers


@pytest.fixture
def evaluated(tmp_path):
    data, out = write_sums(tmp_path / "data"), tmp_path / "out"
    with half_right_server() as server:
        words = ["--model=tiny", f"--base_url={server.url}", f"--custom={CUSTOM}", f"--data={data}", f"--out={out}"]
        assert main(["evaluate", *words]) == 0
    return out


def files(folder):
    return {path.name: path.read_text() for path in folder.glob("*.*")}


def test_the_same_again(evaluated):
    before = files(evaluated)
    for name in ("metrics.json", "report.html"):
        assert name in before
    assert main(["score", str(evaluated / "results.jsonl"), f"--custom={CUSTOM}"]) == 0
    after = files(evaluated)
    assert after["results.jsonl"] == before["results.jsonl"] and after["metrics.json"] == before["metrics.json"]
    assert not parse(after["report.html"]).all("img")
    data = evaluated.parent / "data"
    assert main(["score", str(evaluated / "results.jsonl"), f"--custom={CUSTOM}", f"--data={data}"]) == 0
    assert files(evaluated) == before


def test_grades_are_made_anew(evaluated, tmp_path):
    """Whatever grades the file holds."""
    path = evaluated / "results.jsonl"
    wanted = path.read_text()
    rows = [json.loads(line) for line in wanted.splitlines()]
    for row in rows:
        row |= {"score": 1.0, "extracted": "?", "rule": "made up"} if row["finish_reason"] != "failed" else {}
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    assert main(["score", str(path), f"--custom={CUSTOM}", f"--out={tmp_path / 'new'}"]) == 0
    assert (tmp_path / "new/results.jsonl").read_text() == wanted
    assert sorted(files(tmp_path / "new")) == ["metrics.json", "report.html", "results.jsonl"]


def test_a_shipped_benchmark_by_both_rules(tmp_path):
    """LogicVista's own rule takes a letter set; the project's grader needs a committed answer."""

    def answer(id, response, gold):
        choices = ["A. one", "B. two", "C. three"]
        fields = {"skill": "inductive", "broad_capability": "x", "answer": gold}
        return ScoredAnswer("logicvista", id, 0, response, "stop", "", "", 0.0, None, fields, gold, choices=choices)

    path = tmp_path / "results.jsonl"
    write_answers(path, [answer("1", r"\boxed{B}", "B"), answer("2", r"\boxed{A}", "C")])
    for rules in ("project", "official"):
        assert main(["score", str(path), f"--rules={rules}"]) == 0
        metrics = json.loads((tmp_path / "metrics.json").read_text())
        assert metrics["settings"]["rules"] == rules
        assert metrics["benchmarks"]["logicvista"]["headline"]["value"] == 0.5
    assert [one.official_score for one in read_answers(path)] == [1.0, 0.0]


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "no answers"), ("{", "line 1: is no JSON"), ("gone", "line 1"), (None, "No such file")],
)
def test_mistakes_are_one_line(text, said, tmp_path, capsys):
    path = tmp_path / "results.jsonl"
    if text is not None:
        path.write_text(text)
    assert main(["score", str(path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("revisual score: ") and said in line and "results.jsonl" in line


def test_an_unknown_benchmark_is_named(tmp_path, capsys):
    write_answers(tmp_path / "results.jsonl", [ScoredAnswer("sums", "1", 0, "2", "stop", "2", "", 1.0, gold="2")])
    assert main(["score", str(tmp_path / "results.jsonl")]) == 2
    assert "no benchmark 'sums'" in capsys.readouterr().err


def test_both_rules_are_in_the_figures(tmp_path, capsys):
    """An unsure answer is wrong by the project's rules and paid by MathVista's own, which take the nearest option."""
    fields = {"question_type": "multi_choice", "answer_type": "text", "precision": None}
    answers = [
        ScoredAnswer("mathvista", id, 0, response, "stop", "", "", 0.0, None, fields, gold, choices=["No", "Yes"])
        for id, response, gold in [("1", r"\boxed{Yes}", "Yes"), ("2", "I cannot determine", "No")]
    ]
    path = tmp_path / "results.jsonl"
    write_answers(path, answers)
    for rules, other, found in (("project", "official_rules", (0.5, 1.0)), ("official", "project_rules", (1.0, 0.5))):
        assert main(["score", str(path), f"--rules={rules}"]) == 0
        mathvista = json.loads((tmp_path / "metrics.json").read_text())["benchmarks"]["mathvista"]
        assert (mathvista["headline"]["value"], mathvista["figures"][f"{other}/pass@1"]["value"]) == found
        assert f"{other.partition('_')[0]} {100 * found[1]:.1f}%" in capsys.readouterr().out
        assert other.replace("_", " ").capitalize() in (tmp_path / "report.html").read_text()


def test_the_file_says_what_was_required(tmp_path):
    """Each switch, on how many answers it made a difference, and of how many it is not known whether they were cut."""
    said = [
        ("It is clear that there are 42 of them in all.", "stop"),
        (r"\boxed{40 + 2}", "stop"),
        ("The answer is 42. Wh", "length"),
        ("The answer is 42.", "tool_calls"),
        ("The answer is 41.", "stop"),
    ]
    answers = [
        ScoredAnswer("aime24", str(n), 0, text, why, "", "", 0.0, gold="42") for n, (text, why) in enumerate(said)
    ]
    write_answers(tmp_path / "results.jsonl", answers)
    assert main(["score", str(tmp_path / "results.jsonl")]) == 0
    found = list(read_answers(tmp_path / "results.jsonl"))
    assert [answer.score for answer in found] == [1.0, 0.0, 0.0, 1.0, 0.0]
    assert [answer.unmet for answer in found] == [("declared",), ("worked_out",), ("finished",), (), ()]
    assert json.loads((tmp_path / "metrics.json").read_text())["requirements"] == {
        "required": {"declared": False, "finished": True, "worked_out": True, "converted": True},
        "answers_on_which_it_matters": {"declared": 1, "finished": 1, "worked_out": 1, "converted": 0},
        "finished": "known",
        "finished_unknown": 1,
    }
    report = (tmp_path / "report.html").read_text()
    assert "finished: unknown for 1" in report and "not required; matters to 1" in report
