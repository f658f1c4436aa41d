from collections import Counter

from client.chat_server import ChatServer

from data_recipes.grammar.asking import numbered, simulated, solver
from data_recipes.grammar.helpers import collect, items, lines, run
from revisual.data_recipes.grammar.steps.prune import Prune


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
