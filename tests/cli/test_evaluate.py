"""`revisual evaluate` against a server, from the command line to the files that it leaves."""

import base64
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from client.chat_server import ChatServer, says
from evaluation.sums import COUNT, CUSTOM, half_right_server, number, write_sums
from PIL import Image
from report.parsing import parse

from revisual.cli.main import main
from revisual.data.prompting import Prompting
from revisual.evaluation.answers import read_answers
from revisual.evaluation.presets import VISION_R1_FORMAT
from revisual.report.picture import encode_png


def evaluate(server, data, out, *options):
    words = [
        "evaluate",
        "--model=tiny",
        f"--base_url={server.url}",
        f"--custom={CUSTOM}",
        f"--data={data}",
        f"--out={out}",
    ]
    return main([*words, *options])


def metrics_of(out):
    return json.loads((out / "metrics.json").read_text())


def test_what_it_leaves(tmp_path, capsys):
    data, out = write_sums(tmp_path / "data"), tmp_path / "out"
    with half_right_server() as server:
        assert evaluate(server, data, out, "--preset=vision_r1", "--max_pixels=784") == 0
    answers = {answer.item_id: answer for answer in read_answers(out / "results.jsonl")}
    assert list(answers) == [f"s{i}" for i in range(COUNT)]
    right = {name for name, answer in answers.items() if answer.score == 1.0}
    assert right == {f"s{i}" for i in range(0, COUNT, 2)}
    assert answers["s5"].is_failed and answers["s5"].error == "request: HTTP 400: too long"
    assert answers["s3"].is_truncated and not answers["s3"].extracted and answers["s1"].extracted == "0"
    assert answers["s2"].fields == {"level": 0} and answers["s2"].question == "What is 2 + 1? <b>"

    found = metrics_of(out)
    assert found["settings"]["system_prompt"] == VISION_R1_FORMAT and found["settings"]["seed"] == 0
    assert found["settings"]["temperature"] == 0.6 and found["settings"]["model"] == "tiny"
    sums = found["benchmarks"]["sums"]
    assert sums["headline"] | {"low": 0, "high": 0} == {"name": "pass@1", "value": 6 / 11, "n": 11, "low": 0, "high": 0}
    assert sums["counts"] == {
        "problems": 12, "answers": 12, "failed": 1, "undecided": 0, "truncated": 1, "unanswered": 2
    }  # fmt: skip
    assert sums["figures"]["level/0"]["value"] == 1.0 and sums["figures"]["level/1"]["value"] == 0.0
    assert "54.5%" in capsys.readouterr().out


def test_a_part_of_a_benchmark_says_so_wherever_its_figure_stands(tmp_path, capsys):
    data, out = write_sums(tmp_path / "data"), tmp_path / "out"
    with half_right_server() as server:
        assert evaluate(server, data, out, "--limit=4") == 0
        assert evaluate(server, data, tmp_path / "whole", "--limit=12") == 0
    first, second = capsys.readouterr().out.split(str(out / "report.html"))
    assert f"4 of {COUNT}" in first and " of " not in second.partition("sums")[2].partition("\n")[0]
    assert metrics_of(out)["benchmarks"]["sums"]["counts"]["whole"] == COUNT
    assert f"4 of {COUNT}" in (out / "report.html").read_text()
    assert main(["score", str(out), f"--custom={CUSTOM}"]) == 0
    assert f"4 of {COUNT}" in capsys.readouterr().out and f"4 of {COUNT}" in (out / "report.html").read_text()


def test_evaluations_that_were_not_asked_alike_are_flagged(tmp_path, capsys):
    data = write_sums(tmp_path / "data")
    with half_right_server() as server:
        for name, options in {"a": [], "b": ["--preset=vision_r1"], "c": ["--seed=7"]}.items():
            assert evaluate(server, data, tmp_path / name, *options) == 0
    capsys.readouterr()
    a, b = (metrics_of(tmp_path / name)["settings"] for name in "ab")
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b" / "results.jsonl")]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("not asked alike")]
    assert f"preset {a['preset']} / {b['preset']}" in line and line.endswith("; a difference may come from that")
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "c")]) == 0
    assert "not asked alike" not in capsys.readouterr().out


def test_what_is_asked(tmp_path):
    """Pictures first, then the benchmark's prompt; the preset's system prompt; seeds of their own."""
    data = write_sums(tmp_path / "data", 2)
    with half_right_server() as server:
        assert evaluate(server, data, tmp_path / "out", "--n=3", "--max_tokens=99", "--extra={min_p: 0.1}") == 0
    assert len(server.calls) == 6 and len({call.body["seed"] for call in server.calls}) == 6
    for call in server.calls:
        system, user = call.body["messages"]
        assert system["role"] == "system" and "\\boxed{}" in system["content"]
        kinds = [part["type"] for part in user["content"]]
        assert kinds == (["image_url", "text"] if number(call) == 0 else ["text"])
        assert user["content"][-1]["text"] == f"What is {number(call)} + 1? <b>"
        assert call.body["max_tokens"] == 99 and call.body["min_p"] == 0.1 and call.path == "/v1/chat/completions"


@pytest.mark.parametrize("preset", [None, "official"])
def test_an_export_is_asked_as_it_was_trained(tmp_path, capsys, preset):
    data, export = write_sums(tmp_path / "data", 2), tmp_path / "export"
    export.mkdir()
    Prompting("Be brief.", temperature=0.7, top_p=0.9).write(export)
    words = [f"--model={export}", *([] if preset is None else [f"--preset={preset}"])]
    with half_right_server() as server:
        assert evaluate(server, data, tmp_path / "out", *words) == 0
    bodies = [call.body for call in server.calls]
    first = [body["messages"][0] for body in bodies]
    told = "was trained to be asked" in capsys.readouterr().out
    if preset is None:
        assert all(turn == {"role": "system", "content": "Be brief."} for turn in first) and not told
        assert {(body["temperature"], body["top_p"]) for body in bodies} == {(0.7, 0.9)}
    else:
        assert all(turn["role"] == "user" for turn in first) and told
    assert metrics_of(tmp_path / "out")["settings"]["preset"] == (preset or "trained")


def test_a_report_of_one_file(tmp_path):
    data, out = write_sums(tmp_path / "data"), tmp_path / "out"
    with half_right_server() as server:
        evaluate(server, data, out)
    text = (out / "report.html").read_text()
    page = parse(text)
    assert "<script" not in text and "<link" not in text and "url(" not in text
    assert all(one.attributes["src"].startswith("data:image/png;base64,") for one in page.all("img"))
    wrong = page.all("article")
    assert [article.all("div", class_="question")[0].words for article in wrong] == [
        f"What is {i} + 1? <b>" for i in (1, 3, 7, 9, 11)
    ]
    pictures = [len(article.all("img")) for article in wrong]
    assert pictures == [0, 1, 0, 1, 0]
    cells = [cell.words for cell in page.all("table")[0].all("tbody")[0].all("td")]
    assert cells[0] == "pass@1" and cells[1].startswith("54.5%") and cells[2:] == ["12", "12", "1", "2", "0", "1"]
    titles = [figure.all("figcaption")[0].words for figure in page.all("figure", class_="chart")]
    assert titles == ["sums"] and "Length of answers" in page.words and "By level" in page.words


def test_a_second_call_asks_only_what_failed(tmp_path):
    data, out = write_sums(tmp_path / "data"), tmp_path / "out"
    with half_right_server() as server:
        evaluate(server, data, out)
        first = (out / "results.jsonl").read_text()
        assert len(server.calls) == COUNT
        evaluate(server, data, out)
        assert len(server.calls) == COUNT + 1 and number(server.calls[-1]) == 5
        assert (out / "results.jsonl").read_text() == first
        evaluate(server, data, out, "--temperature=0.9")
        assert len(server.calls) == 2 * COUNT + 1


def test_kill_and_go_on(tmp_path):
    data, out = write_sums(tmp_path / "data", 60), tmp_path / "out"

    def answer(call):
        return says(f"\\boxed{{{number(call) + 1}}}", wait=0.05)

    with ChatServer(answer) as server:
        words = ["evaluate", "--model=tiny", f"--base_url={server.url}", f"--custom={CUSTOM}", f"--data={data}"]
        child = subprocess.Popen([sys.executable, "-m", "revisual", *words, f"--out={out}", "--concurrency=4"])
        while child.poll() is None and len(server.calls) < 20:
            time.sleep(0.01)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        asked, kept = len(server.calls), len((out / "answers/sums.jsonl").read_bytes().splitlines())
        assert not (out / "results.jsonl").exists() and asked - 8 <= kept <= asked < 60
        assert evaluate(server, data, out) == 0
        assert len(server.calls) == asked + 60 - kept
    assert [answer.score for answer in read_answers(out / "results.jsonl")] == [1.0] * 60


def test_interruption_is_one_line(tmp_path):
    data, out = write_sums(tmp_path / "data", 60), tmp_path / "out"
    with ChatServer(lambda call: says("42", wait=0.2)) as server:
        words = ["evaluate", "--model=tiny", f"--base_url={server.url}", f"--custom={CUSTOM}", f"--data={data}"]
        command = [sys.executable, "-m", "revisual", *words, f"--out={out}", "--concurrency=2"]
        child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        while child.poll() is None and len(server.calls) < 6:
            time.sleep(0.01)
        child.send_signal(signal.SIGINT)
        error = child.communicate(timeout=300)[1]
    assert child.returncode == 130 and error.splitlines()[-1].endswith("the same command goes on from here")
    assert "Traceback" not in error


def test_a_judge_for_what_the_rules_cannot_decide(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-model")
    data, out = write_sums(tmp_path / "data"), tmp_path / "out"

    def judge(call):
        return says("**Yes.**" if "What is 7 + 1" in call.text or "What is 1 + 1" in call.text else "NO")

    with half_right_server() as server, ChatServer(judge) as other:
        evaluate(server, data, out, f"--judge_url={other.url}", "--judge_model=judge", "--judge_checks=100")
        assert len(other.calls) == 11  # all but the failed one
        assert not any("authorization" in call.headers for call in other.calls)
        assert "\\boxed" in str(other.calls[0].body) and "<think>" not in str(other.calls[0].body)
        evaluate(server, data, out, f"--judge_url={other.url}", "--judge_model=judge", "--judge_checks=100")
        assert len(other.calls) == 11
    answers = {answer.item_id: answer for answer in read_answers(out / "results.jsonl")}
    assert (answers["s7"].score, answers["s7"].rule) == (1.0, "judge")
    assert (answers["s3"].score, answers["s3"].rule) == (0.0, "judge")
    assert (answers["s1"].score, answers["s1"].judged) == (0.0, 1.0)  # decided by the rules
    sums = metrics_of(out)["benchmarks"]["sums"]
    assert sums["headline"]["value"] == 7 / 11
    # It says no to all six right answers, and yes to the wrong one of s1.
    assert sums["judge"] == {"answers": 11, "undecided": 2, "by_judge": 2, "checked": 9, "disagreed": 7}
    assert "disagreed with the rules on 7" in (out / "report.html").read_text()
    before = (out / "results.jsonl").read_text()
    assert main(["score", str(out / "results.jsonl"), f"--custom={CUSTOM}"]) == 0
    assert (out / "results.jsonl").read_text() == before


def test_a_budget_keeps_what_was_answered(tmp_path, capsys):
    data, out = write_sums(tmp_path / "data"), tmp_path / "out"
    with half_right_server() as server:
        assert evaluate(server, data, out, "--max_requests=4", "--concurrency=1") == 2
        assert "budget of 4 requests is spent" in capsys.readouterr().err
        assert evaluate(server, data, out) == 0 and len(server.calls) == COUNT


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--benchmarks=aime23"], "no benchmark 'aime23'; there are: aime24"),
        (["--custom=[]"], "none is chosen"),
        (["--preset=terse"], "no preset 'terse'; there are: revisual_r1"),
        (["--base_url=localhost"], "'localhost' is no address"),
        (["--n=0"], "n: expected int in [1, 65536], got 0"),
        (["--temperature=-1"], "temperature"),
        (["--judge_model=x"], "judge_url and judge_model go together"),
        (["--data=no/such/folder"], "no/such/folder"),
        (["--modle=x"], "modle"),
    ],
)
def test_mistakes_are_one_line(options, named, tmp_path, capsys):
    words = ["evaluate", "--model=tiny", "--base_url=http://127.0.0.1:9/v1", f"--custom={CUSTOM}", f"--data={tmp_path}"]
    assert main([*words, f"--out={tmp_path / 'out'}", *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("revisual evaluate: ") and named in line


def test_the_key_is_in_no_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MY_KEY", "sk-secret-123")
    data, out = write_sums(tmp_path / "data"), tmp_path / "out"
    with half_right_server() as server:
        evaluate(server, data, out, "--key_env=MY_KEY")
    assert server.calls[0].headers["authorization"] == "Bearer sk-secret-123"
    files = [path for path in out.rglob("*") if path.is_file()]
    assert len(files) == 5 and not any(b"secret" in path.read_bytes() for path in files)
    captured = capsys.readouterr()
    assert "secret" not in captured.out + captured.err


def test_pictures_of_the_report_are_those_of_the_data(tmp_path):
    data, out = write_sums(tmp_path / "data"), tmp_path / "out"
    with half_right_server() as server:
        evaluate(server, data, out)
    shown = parse((out / "report.html").read_text()).all("img")[0].attributes["src"].partition(",")[2]
    assert base64.b64decode(shown) == encode_png(Image.open(data / "red.png").convert("RGB"), 512)
