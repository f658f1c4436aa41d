import pytest

from data_recipes.grammar.asking import numbered, solver
from data_recipes.grammar.helpers import collect, run
from revisual.client.journal import read_journal
from revisual.core.errors import UserError
from revisual.data.prompting import Prompting
from revisual.data.system_prompts import REVISUAL_R1_SYSTEM_PROMPT
from revisual.data_recipes.grammar.fingerprint import describe
from revisual.data_recipes.grammar.solver import PolicySolver, ServerSolver
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


def test_an_export_is_asked_as_it_was_trained(tmp_path):
    made = (PolicySolver, {"path": str(tmp_path)}), (ServerSolver, {"model": str(tmp_path)})
    assert {kind(**options).system_prompt for kind, options in made} == {REVISUAL_R1_SYSTEM_PROMPT}
    Prompting("Be brief.").write(tmp_path)
    for kind, options in made:
        assert kind(**options).system_prompt == "Be brief."
        assert kind(**options, system_prompt="Mine.").system_prompt == "Mine."
        assert kind(**options, system_prompt=None).system_prompt is None
        assert describe(kind(**options)) == describe(kind(**options, system_prompt="Be brief."))
