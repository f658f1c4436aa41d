import numpy as np
from client.chat_server import ChatServer
from scipy.stats import spearmanr

from data_recipes.grammar.asking import numbered, simulated, solver
from data_recipes.grammar.helpers import collect, items, run
from revisual.data_recipes.grammar.steps.difficulty import GradeDifficulty, RatedDifficulty, levels_of

COUNT = 150


def test_levels():
    rates = np.array([1.0, 0.95, 0.9, 0.899, 0.5, 0.1, 0.05, 0.0, np.nan])
    assert levels_of(rates).tolist() == [1, 1, 2, 2, 6, 10, 10, 10, 0]
    assert sorted({levels_of(np.array([k / 100]))[0] for k in range(101)}) == list(range(1, 11))


def test_ten_levels_order_items_as_a_simulated_solver_does(tmp_path):
    ability = np.random.default_rng(3).uniform(size=COUNT)
    with ChatServer(simulated(ability)) as server:
        steps = {
            "collect": collect(tmp_path, numbered(COUNT)),
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


def test_rated_difficulty(tmp_path):
    rows = [
        {**row, "extra": {"difficulty": level}} for row, level in zip(numbered(5), [1, 5.5, 10, None, "x"], strict=True)
    ]
    run(tmp_path / "out", {"collect": collect(tmp_path, rows), "difficulty": RatedDifficulty()})
    assert items(tmp_path / "out", "difficulty").column("level").tolist() == [1, 6, 10, 0, 0]
