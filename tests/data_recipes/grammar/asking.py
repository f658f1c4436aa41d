"""Questions by number, and a server that knows the answers to some of them."""

import random
import re

from client.chat_server import says

from revisual.data_recipes.grammar.solver import ServerSolver


def numbered(count):
    return [{"id": str(k), "question": f"Question {k}: what is {k} + {k}?", "answer": str(2 * k)} for k in range(count)]


def number_of(call):
    """Which question a request asks."""
    return int(re.search(r"Question (\d+)", call.text)[1])


def simulated(ability):
    """Answers question k right with probability `ability[k]`, by the seed of the request alone."""

    def answer(call):
        place = number_of(call)
        right = random.Random(call.body["seed"]).random() < ability[place]
        return says(f"<think>Hm.</think> \\boxed{{{2 * place if right else -1}}}")

    return answer


def solver(url, **options):
    return ServerSolver(**({"model": "tiny", "base_url": url, "max_tokens": 64, "attempts": 2} | options))
