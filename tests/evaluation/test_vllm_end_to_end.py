"""An exported policy behind a real vLLM server, evaluated, killed in the middle, and evaluated to the end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from conftest import picture
from rollout.vllm.helpers import LocalServer, require_vllm, save_policy

from revisual.cli.main import main
from revisual.evaluation.answers import read_answers
from revisual.models.export import export_policy

pytestmark = pytest.mark.engine
require_vllm()

COUNTS = {"mathvision": 7, "mathvista": 7, "geometry3k": 6}
FILES = {
    "mathvision": "mathvision/testmini.jsonl",
    "mathvista": "mathvista_text/testmini.jsonl",
    "geometry3k": "geometry3k_rendered/test.jsonl",
}


def row(benchmark, i):
    choices = ["1", "2", "3", "4"] if i % 2 else None
    shared = {"id": f"{benchmark}-{i}", "question": f"What is {i} + 1?", "images": [f"{i}.png"], "choices": choices}
    extras = {
        "mathvision": {"level": 1 + i % 5, "subject": "counting"},
        "mathvista": {
            "question_type": "multi_choice" if choices else "free_form",
            "answer_type": "text" if choices else "integer", "precision": None, "unit": None,
            "metadata": {name: "a" for name in ("task", "category", "context", "grade", "source", "language")}
            | {"skills": ["sums"]},
        },
        "geometry3k": {},
    }  # fmt: skip
    answer = choices[i % 4] if choices and benchmark == "mathvista" else "B" if choices else str(i + 1)
    return {**shared, "answer": answer, "extra": extras[benchmark]}


def write_benchmarks(folder):
    """Twenty questions with a picture each, in the layouts that three benchmarks have in JSONL."""
    for name, path in FILES.items():
        file = folder / path
        file.parent.mkdir(parents=True)
        rows = [row(name, i) for i in range(COUNTS[name])]
        file.write_text("".join(f"{json.dumps(one)}\n" for one in rows))
        for i in range(COUNTS[name]):
            picture(40 + 10 * i, 56, seed=i).save(file.parent / f"{i}.png")
    return folder


def asked(log):
    return log.read_text().count('"POST /v1/chat/completions')


def kept(out):
    return [json.loads(line) for path in (out / "answers").glob("*.jsonl") for line in path.read_text().splitlines()]


def test_killed_in_the_middle_and_resumed(tmp_path):
    policy, processor = save_policy(tmp_path / "start")
    export_policy(policy, processor, tmp_path / "export")
    data, out = write_benchmarks(tmp_path / "data"), tmp_path / "out"
    first, second = tmp_path / "first.log", tmp_path / "second.log"

    def words(server):
        names = ",".join(COUNTS)
        return [
            "evaluate", "--model=tiny", f"--base_url={server.url}/v1", f"--benchmarks={names}", f"--data={data}",
            f"--out={out}", "--preset=official", "--max_tokens=300", "--temperature=1", "--concurrency=2",
        ]  # fmt: skip

    with LocalServer(tmp_path / "export", first, "--max-model-len", "2048") as server:
        child = subprocess.Popen([sys.executable, "-m", "revisual", *words(server)])
        while child.poll() is None and (not (out / "answers").exists() or len(kept(out)) < 8):
            time.sleep(0.005)
        os.kill(child.pid, signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
        answered = kept(out)
        assert 8 <= len(answered) < 20
        assert len(answered) <= asked(first) <= len(answered) + 2  # those on their way
        server.kill()

    with LocalServer(tmp_path / "export", second, "--max-model-len", "2048", port=server.port) as server:
        assert main(words(server)) == 0
        assert asked(second) == 20 - len(answered)
        assert main(words(server)) == 0
        assert asked(second) == 20 - len(answered)

    assert Counter(map(str, answered)) <= Counter(map(str, kept(out)))
    answers = list(read_answers(out / "results.jsonl"))
    assert Counter(answer.benchmark for answer in answers) == COUNTS and len({a.item_id for a in answers}) == 20
    assert not any(answer.is_failed for answer in answers) and len({answer.response for answer in answers}) == 20
    metrics = json.loads((out / "metrics.json").read_text())["benchmarks"]
    assert {name: one["counts"]["answers"] for name, one in metrics.items()} == COUNTS
    assert Path(out / "report.html").stat().st_size > 10_000
