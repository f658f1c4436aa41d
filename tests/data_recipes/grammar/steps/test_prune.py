import random
import re
from collections import Counter

from client.chat_server import ChatServer, says

from data_recipes.grammar.helpers import collect, items, lines, run
from revisual.data_recipes.grammar.solver import ServerSolver
from revisual.data_recipes.grammar.steps.prune import Prune

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
