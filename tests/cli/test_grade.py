"""`revisual grade`, run as it is on a command line."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from functools import partial

import pytest

from revisual.cli.main import main
from revisual.grading.cases import BrokenLine, Case, read_cases

RIGHT = {"response": r"<think>6 * 7</think>\boxed{42}", "answer": "42", "id": 7, "note": {"kept": [None, "é"]}}
WRONG = {"response": r"\boxed{41}", "answer": "42", "question": "What is 6 * 7?", "choices": None}
CHOICE = {"response": r"\boxed{B}", "answer": "B", "question": "Which?", "choices": ["12", "15"], "score": "old"}
UNKNOWN = {"finished": "unknown", "unmet": []}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path, *lines):
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_fields_are_kept_and_a_grade_is_added(folder, capsys):
    write(folder / "in.jsonl", RIGHT, "", WRONG, CHOICE)
    assert main(["grade", "in.jsonl", "--out", "new/out.jsonl"]) == 0
    right, wrong, choice = read(folder / "new/out.jsonl")
    assert right == RIGHT | {"score": 1, "extracted": "42", "rule": right["rule"], "error": None, **UNKNOWN}
    assert wrong == WRONG | {"score": 0, "extracted": "41", "rule": wrong["rule"], "error": None, **UNKNOWN}
    assert choice == CHOICE | {"score": 1, "extracted": "B", "rule": choice["rule"], "error": None, **UNKNOWN}
    captured = capsys.readouterr()
    assert captured.err == ""
    (summary,) = captured.out.splitlines()
    assert re.fullmatch(
        r"right 2, wrong 1, broken lines 0; per case: median [\d.]+ ms, mean [\d.]+ ms, max [\d.]+ ms; start [\d.]+ s",
        summary,
    )


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("nope", "no JSON: Expecting value at column 1"),
        ("[1]", "expected an object, got list"),
        ('{"response": "1"}', "no field 'answer'"),
        ('{"answer": "1"}', "no field 'response'"),
        ('{"response": 1, "answer": "1"}', "field 'response': expected text, got int"),
        ('{"response": "1", "answer": null}', "field 'answer': expected text, got NoneType"),
        ('{"response": "1", "answer": "1", "question": ["x"]}', "field 'question': expected text, got list"),
        ('{"response": "1", "answer": "1", "choices": "AB"}', "field 'choices': expected a list of texts"),
        ('{"response": "1", "answer": "1", "choices": [1]}', "field 'choices': expected a list of texts"),
        ('{"response": "1", "answer": "1", "truncated": 1}', "field 'truncated': expected true or false, got int"),
        ('{"response": "1", "answer": "1", "finish_reason": 1}', "field 'finish_reason': expected text, got int"),
        ('{"response": "1", "answer": ' + "9" * 5000 + "}", "no JSON that could be read"),
        ("[" * 100_000, "no JSON that could be read"),
    ],
)
def test_a_broken_line_is_named_and_the_rest_is_graded(folder, capsys, line, fault):
    write(folder / "in.jsonl", RIGHT, line, WRONG)
    assert main(["grade", "in.jsonl", "--out", "out.jsonl"]) == 1
    assert [row["score"] for row in read(folder / "out.jsonl")] == [1, 0]
    captured = capsys.readouterr()
    assert captured.err == f"in.jsonl:2: {fault}\n"
    assert captured.out.startswith("right 1, wrong 1, broken lines 1; ")


def test_bytes_that_are_no_text(folder):
    (folder / "in.jsonl").write_bytes(b"\xef\xbb\xbf" + json.dumps(RIGHT).encode() + b"\n\xff\n")
    first, second = read_cases(folder / "in.jsonl")
    assert isinstance(first, Case) and first.fields == RIGHT and first.line == 1
    assert second == BrokenLine(2, "not UTF-8", 2)


def test_errors_are_counted_by_kind(folder, capsys):
    write(folder / "in.jsonl", RIGHT, RIGHT | {"response": "x" * 1_000_001})
    assert main(["grade", "in.jsonl", "--out", "out.jsonl", "--workers", "2", "--deadline", "5"]) == 0
    assert [(row["score"], row["error"]) for row in read(folder / "out.jsonl")] == [(1, None), (0, "too_long")]
    assert capsys.readouterr().out.startswith("right 1, wrong 0, too_long 1, broken lines 0; ")


def test_order_is_kept_over_many_blocks(folder):
    cases = [{"response": rf"\boxed{{{n}}}", "answer": str(n - n % 2), "n": n} for n in range(500)]
    write(folder / "in.jsonl", *cases)
    assert main(["grade", "in.jsonl", "--out", "out.jsonl", "--workers=2"]) == 0
    rows = read(folder / "out.jsonl")
    assert [row["n"] for row in rows] == list(range(500))
    assert [row["score"] for row in rows] == [1 - n % 2 for n in range(500)]


def test_an_empty_file(folder, capsys):
    write(folder / "in.jsonl")
    assert main(["grade", "in.jsonl", "--out", "out.jsonl"]) == 0
    assert read(folder / "out.jsonl") == []
    assert capsys.readouterr().out.startswith("right 0, wrong 0, broken lines 0; start ")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["missing.jsonl", "--out", "out.jsonl"], "missing.jsonl: no such file"),
        (["in.jsonl", "--out", "./in.jsonl"], "--out"),
        (["in.jsonl", "--out", "link.jsonl"], "--out"),
        (["in.jsonl", "--out", "."], "--out"),
        (["in.jsonl"], "out"),
        (["--out", "out.jsonl"], "cases"),
        (["in.jsonl", "--out", "out.jsonl", "--workers", "two"], "workers"),
        (["in.jsonl", "--out", "out.jsonl", "--workers", "0"], "workers"),
        (["in.jsonl", "--out", "out.jsonl", "--deadline", "-1"], "deadline"),
        (["in.jsonl", "--out", "out.jsonl", "--worker", "2"], "--worker"),
    ],
)
def test_a_mistake_is_one_line(folder, capsys, options, named):
    write(folder / "in.jsonl", RIGHT)
    (folder / "link.jsonl").symlink_to("in.jsonl")
    assert main(["grade", *options]) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith("revisual grade: ") and named in line and captured.out == ""
    assert read(folder / "in.jsonl") == [RIGHT] and not (folder / "out.jsonl").exists()


def test_help_says_how_it_ends(capsys):
    with pytest.raises(SystemExit) as end:
        main(["grade", "--help"])
    assert not end.value.code
    assert "Exit status: 0" in " ".join(capsys.readouterr().out.split())


def test_progress_on_a_terminal(folder):
    write(folder / "in.jsonl", *[RIGHT] * 100)
    reader, terminal = pty.openpty()
    said = []

    def listen():
        with suppress(OSError):  # how a terminal ends that nobody writes to any more
            while True:
                said.append(os.read(reader, 1 << 16))

    listening = threading.Thread(target=listen)
    listening.start()
    command = [sys.executable, "-m", "revisual", "grade", "in.jsonl", "--out", "out.jsonl"]
    done = subprocess.run(command, stderr=terminal, stdout=subprocess.DEVNULL, check=False)
    os.close(terminal)
    listening.join()
    assert done.returncode == 0 and b"graded: 100, " in b"".join(said)


def test_a_run_that_is_stopped_leaves_the_old_file(folder):
    write(folder / "in.jsonl", *[RIGHT | {"n": n, "answer": str(n)} for n in range(100_000)])
    write(folder / "out.jsonl", {"old": True})
    command = [sys.executable, "-m", "revisual", "grade", "in.jsonl", "--out", "out.jsonl"]
    # A shell's background jobs ignore interrupts, and so would a child of the tests.
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heard)
    while process.poll() is None and not list(folder.glob(".out.jsonl.*")):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1].strip()
    assert process.returncode == 130 and said == "revisual grade: interrupted; the file to write is as it was"
    assert read(folder / "out.jsonl") == [{"old": True}]
    assert sorted(path.name for path in folder.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_the_file_says_what_was_required_and_whether_responses_were_finished(folder):
    cut = {"response": "The answer is 42, so", "answer": "42"}
    rows = [cut | {"truncated": True}, cut | {"finish_reason": "length"}, cut | {"finish_reason": "stop"}, cut]
    write(folder / "in.jsonl", *rows, {"response": r"\boxed{40+2}", "answer": "42"}, {"response": "42", "answer": "41"})
    assert main(["grade", "in.jsonl", "--out", "out.jsonl"]) == 0
    found = read(folder / "out.jsonl")
    assert [row["score"] for row in found] == [0, 0, 1, 1, 0, 0]
    assert [row["finished"] for row in found] == ["no", "no", "yes", "unknown", "unknown", "unknown"]
    assert [row["unmet"] for row in found] == [["finished"], ["finished"], [], [], ["worked_out"], []]
    assert found[4]["rule"] == "boxed/not_worked_out" and found[0]["rule"] == "sentence/unfinished"
    said = json.loads((folder / "out.jsonl.summary.json").read_text())["requirements"]
    assert said["required"] == {"declared": False, "finished": True, "worked_out": True, "converted": True}
    assert said["answers_on_which_it_matters"] == {"declared": 0, "finished": 2, "worked_out": 1, "converted": 0}
    assert (said["finished"], said["finished_unknown"]) == ("known", 3)


def test_requirements_are_chosen_by_name(folder):
    write(folder / "in.jsonl", {"response": r"I think that \(40+2\) is", "answer": "42"})
    scores = {}
    for name in ("rewards", "evaluation", "value_alone"):
        assert main(["grade", "in.jsonl", "--out", "out.jsonl", "--requirements", name]) == 0
        scores[name] = read(folder / "out.jsonl")[0]["score"]
    assert scores == {"rewards": 0, "evaluation": 0, "value_alone": 1}
    assert json.loads((folder / "out.jsonl.summary.json").read_text())["requirements"]["finished"] == "unknown"
