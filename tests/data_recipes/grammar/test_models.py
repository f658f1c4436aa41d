"""Steps that ask a model: pass rates, levels, and what a bad server does."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from client.chat_server import ChatServer, Response, says
from scipy.stats import spearmanr

from revisual.client.journal import read_journal
from revisual.core.errors import UserError
from revisual.data_recipes.grammar.fingerprint import described
from revisual.data_recipes.grammar.pass_rates import conversation
from revisual.data_recipes.grammar.solver import PolicySolver, ServerSolver
from revisual.data_recipes.grammar.steps.difficulty import GradeDifficulty, RatedDifficulty, levels_of
from revisual.data_recipes.grammar.steps.prune import Prune

from .helpers import collect, ids, items, jsonl, lines, run

COUNT = 150


def numbered(count=COUNT):
    return [{"id": str(k), "question": f"Question {k}: what is {k} + {k}?", "answer": str(2 * k)} for k in range(count)]


def simulated(ability):
    """Answers question k right with probability `ability[k]`, by the seed of the request alone."""

    def answer(call):
        place = int(re.search(r"Question (\d+)", call.text)[1])
        right = random.Random(call.body["seed"]).random() < ability[place]
        return says(f"<think>Hm.</think> \\boxed{{{2 * place if right else -1}}}")

    return answer


def solver(url, **options):
    return ServerSolver(**({"model": "tiny", "base_url": url, "max_tokens": 64, "attempts": 2} | options))


def test_levels():
    rates = np.array([1.0, 0.95, 0.9, 0.899, 0.5, 0.1, 0.05, 0.0, np.nan])
    assert levels_of(rates).tolist() == [1, 1, 2, 2, 6, 10, 10, 10, 0]
    assert sorted({levels_of(np.array([k / 100]))[0] for k in range(101)}) == list(range(1, 11))


def test_ten_levels_order_items_as_a_simulated_solver_does(tmp_path):
    ability = np.random.default_rng(3).uniform(size=COUNT)
    with ChatServer(simulated(ability)) as server:
        steps = {
            "collect": collect(tmp_path, numbered()),
            "difficulty": GradeDifficulty(solver=solver(server.url), k=16),
        }
        run(tmp_path / "out", steps)
        assert len(server.calls) == 16 * COUNT
        found = items(tmp_path / "out", "difficulty")
        order = [int(id) for id in found.table["id"].to_pylist()]
        assert spearmanr(-ability[order], found.column("level")).statistic >= 0.9
        assert set(found.column("level")) <= set(range(1, 11))
        run(tmp_path / "out", steps, only="difficulty")  # done again, and nothing is asked again
        run(tmp_path / "out", steps | {"difficulty": GradeDifficulty(solver=solver("http://localhost:1/v1"), k=4)})
        assert len(server.calls) == 16 * COUNT


def test_prune_keeps_a_band(tmp_path):
    ability = [0.0] * 20 + [1.0] * 20 + [0.5] * 20
    with ChatServer(simulated(ability)) as server:
        steps = {"collect": collect(tmp_path, numbered(60)), "prune": Prune(solver=solver(server.url), k=8)}
        run(tmp_path / "out", steps)
    found = items(tmp_path / "out", "prune")
    assert set(map(int, found.table["id"].to_pylist())) <= set(range(40, 60)) and len(found) >= 18
    assert ((found.column("pass_rate") > 0) & (found.column("pass_rate") < 1)).all()
    reasons = Counter(line["reason"] for line in lines(tmp_path / "out/prune/dropped.jsonl"))
    assert reasons["pass rate: too low"] >= 20 and reasons["pass rate: too high"] >= 20


def test_questions_are_put_as_in_training(encoder, mixed_samples):
    for sample in [*mixed_samples, replace(mixed_samples[1], choices=("11", "12"))]:
        assert encoder.messages(sample) == conversation(sample, None)


NONSENSE = [
    (lambda call: Response(body=b"<html>hello</html>"), "requests all failed"),
    (lambda call: Response(status=404, body=b'{"error": "no such model"}'), "404"),
    (lambda call: says("Bananas are yellow and so is the sun, as everyone agrees on reflection"), "marks an answer"),
    (lambda call: says(r"\boxed{-1}"), "no question is kept"),
]


@pytest.mark.parametrize(("answer", "said"), NONSENSE)
def test_a_server_that_answers_nonsense_is_told_in_a_line(tmp_path, answer, said):
    with ChatServer(answer) as server:
        steps = {"collect": collect(tmp_path, numbered(30)), "prune": Prune(solver=solver(server.url, attempts=1), k=1)}
        with pytest.raises(UserError) as told:
            run(tmp_path / "out", steps)
    assert said in str(told.value) and "\n" not in str(told.value)
    assert len(items(tmp_path / "out", "collect")) == 30


def test_a_server_that_fails_now_and_then_ends_the_step_and_is_gone_on_with(tmp_path):
    broken = [True]

    def answer(call):
        place = int(re.search(r"Question (\d+)", call.text)[1])
        return Response(status=400, body=b"bad") if broken[0] and place % 5 == 0 else says(rf"\boxed{{{2 * place}}}")

    with ChatServer(answer) as server:
        step = GradeDifficulty(solver=solver(server.url, attempts=1), k=2)
        steps = {"collect": collect(tmp_path, numbered(50)), "difficulty": step}
        with pytest.raises(UserError, match="20 of 100 requests to tiny got no answer"):
            run(tmp_path / "out", steps)
        broken[0] = False
        run(tmp_path / "out", steps)
        assert len(server.calls) == 120
    assert set(items(tmp_path / "out", "difficulty").column("level")) == {1}


def test_an_in_process_model_answers(tmp_path, policy_folder):
    rows = numbered(3)
    step = GradeDifficulty(solver=PolicySolver(path=str(policy_folder), max_tokens=4, rows=4), k=2)
    with pytest.raises(UserError, match="marks an answer"):  # untrained
        run(tmp_path / "out", {"collect": collect(tmp_path, rows), "difficulty": step})
    assert len(list(read_journal(tmp_path / "out/answers/difficulty.jsonl"))) == 6


def test_rated_difficulty(tmp_path):
    rows = [
        {**row, "extra": {"difficulty": level}} for row, level in zip(numbered(5), [1, 5.5, 10, None, "x"], strict=True)
    ]
    run(tmp_path / "out", {"collect": collect(tmp_path, rows), "difficulty": RatedDifficulty()})
    assert items(tmp_path / "out", "difficulty").column("level").tolist() == [1, 6, 10, 0, 0]


def test_the_address_is_no_part_of_a_result():
    one, other = (GradeDifficulty(solver=solver(url)) for url in ("http://a:1/v1", "http://b:2/v1"))
    assert described(one) == described(other) and one == other
    assert described(one) != described(GradeDifficulty(solver=solver("http://a:1/v1", model="large")))


CHILD = """
import sys
from pathlib import Path
from revisual.cli.main import main
main(["curate", "--config", sys.argv[1]])
"""


@pytest.mark.slow
def test_a_killed_run_goes_on_and_asks_nothing_twice(tmp_path):
    path = jsonl(tmp_path / "data.jsonl", numbered(60))

    def answer(call):
        place = int(re.search(r"Question (\d+)", call.text)[1])
        return says(rf"\boxed{{{2 * place}}}", wait=0.02)

    with ChatServer(answer) as server:
        config = tmp_path / "curate.yaml"
        config.write_text(
            f"out: {tmp_path}/out\n"
            f"sources: [{{name: text, reader: {{class_path: JSONLReader, init_args: {{path: {path}}}}}}}]\n"
            "deduplicate: null\ndecontaminate: null\ntopics: null\nbalance: null\npublish: null\n"
            "difficulty: {class_path: GradeDifficulty, init_args: {k: 4, solver: {class_path: ServerSolver, init_args: "
            f"{{model: tiny, base_url: '{server.url}', concurrency: 4}}}}}}}}\n"
        )
        child = subprocess.Popen([sys.executable, "-c", CHILD, config], stderr=subprocess.PIPE)
        while child.poll() is None and len(server.calls) < 80:
            time.sleep(0.005)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stderr.close()
        asked = len(server.calls)
        kept = len(list(read_journal(tmp_path / "out/answers/difficulty.jsonl")))
        assert 80 <= asked < 240 and asked - 8 <= kept <= asked
        done = subprocess.run([sys.executable, "-c", CHILD, config], capture_output=True, text=True, check=True)
        assert len(server.calls) == asked + 240 - kept
    assert "collect: finished before" in done.stderr and "difficulty: 60 of 60" in done.stderr
    assert len(ids(tmp_path / "out", "difficulty")) == 60
