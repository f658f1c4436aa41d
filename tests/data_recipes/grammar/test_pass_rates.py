from dataclasses import replace

import pytest
from client.chat_server import ChatServer, Response, says

from data_recipes.grammar.asking import number_of, numbered, solver
from data_recipes.grammar.helpers import collect, items, run
from revisual.core.errors import UserError
from revisual.data.conversation import conversation
from revisual.data_recipes.grammar.steps.difficulty import GradeDifficulty
from revisual.data_recipes.grammar.steps.prune import Prune


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
        place = number_of(call)
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
