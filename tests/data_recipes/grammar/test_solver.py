import pytest

from data_recipes.grammar.asking import numbered, solver
from data_recipes.grammar.helpers import collect, run
from revisual.client.journal import read_journal
from revisual.core.errors import UserError
from revisual.data_recipes.grammar.fingerprint import describe
from revisual.data_recipes.grammar.solver import PolicySolver
from revisual.data_recipes.grammar.steps.difficulty import GradeDifficulty


def test_an_in_process_model_answers(tmp_path, policy_folder):
    rows = numbered(3)
    step = GradeDifficulty(solver=PolicySolver(path=str(policy_folder), max_tokens=4, rows=4), k=2)
    with pytest.raises(UserError, match="marks an answer"):  # untrained
        run(tmp_path / "out", {"collect": collect(tmp_path, rows), "difficulty": step})
    assert len(list(read_journal(tmp_path / "out/answers/difficulty.jsonl"))) == 6


def test_the_address_is_no_part_of_a_result():
    one, other = (GradeDifficulty(solver=solver(url)) for url in ("http://a:1/v1", "http://b:2/v1"))
    assert describe(one) == describe(other) and one == other
    assert describe(one) != describe(GradeDifficulty(solver=solver("http://a:1/v1", model="large")))
