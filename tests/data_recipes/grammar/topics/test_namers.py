import pytest
from client.chat_server import ChatServer, Response, says

from revisual.core.errors import UserError
from revisual.data_recipes.grammar.solver import ServerSolver
from revisual.data_recipes.grammar.topics.namers import KeyTerms, ModelNames, clean_name, distinct


def test_names(tmp_path):
    texts = [["triangle and circle"] * 3, ["dollars and price"] * 3]
    assert [set(name.split(", ")) for name in KeyTerms(2)(texts, tmp_path)] == [
        {"circle", "triangle"},
        {"dollars", "price"},
    ]
    assert distinct(["a", "b", "a"]) == ["a", "b", "a (2)"]
    assert clean_name("<think>Hm.</think>\n**Linear equations.**") == "Linear equations" and clean_name("x" * 99) == ""


def test_a_model_names_topics(tmp_path):
    texts = [["What is the angle of a triangle?"] * 3, ["What is the price in dollars?"] * 3]
    with ChatServer(lambda call: says("Angles" if "triangle" in call.text else "x" * 200)) as server:
        names = ModelNames(solver=ServerSolver(model="m", base_url=server.url))(texts, tmp_path / "journal.jsonl")
    assert names[0] == "Angles" and "price" in names[1]
    with (
        ChatServer(lambda call: Response(status=400, body=b"no")) as server,
        pytest.raises(UserError, match="gave no name"),
    ):
        ModelNames(solver=ServerSolver(model="m", base_url=server.url))(texts, tmp_path / "other.jsonl")
