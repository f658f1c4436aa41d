"""Requests to engines of vLLM and their replies, without vLLM."""

import json
from dataclasses import replace

import pytest
from client.chat_server import ChatServer, Response

from revisual.client.server import Server
from revisual.core.errors import UserError
from revisual.models.logprobs import banned_token_ids
from revisual.rollout.engine import Sampling
from revisual.rollout.hf.engine import HFRollout
from revisual.rollout.http import InferenceServer
from revisual.rollout.requests import Answer, RequestBuilder, request_builder, require_same_prompts

BUILDER = RequestBuilder(ends=[2], banned=[7, 8], pad_id=0)


def test_completions_of_ragged_answers():
    answers = [
        Answer([5, 2], [-0.5, -0.25], "stop", []),
        Answer([5, 8, 9], [-1.0, -2.0, -3.0], "length", []),
        Answer([2], [-0.1], "stop", []),
    ]
    found = BUILDER.completions(answers, "cpu")
    assert found.token_ids.tolist() == [[5, 2, 0], [5, 8, 9], [2, 0, 0]]
    assert found.mask.tolist() == [[True, True, False], [True] * 3, [True, False, False]]
    assert found.logprobs.tolist() == [[-0.5, -0.25, 0.0], [-1.0, -2.0, -3.0], [pytest.approx(-0.1), 0.0, 0.0]]
    assert found.truncated.tolist() == [False, True, False] and found.banned.tolist() == [False, True, False]


def test_what_is_asked_of_an_engine(policy, encoder):
    found = request_builder(policy, encoder)
    generate = HFRollout()
    generate.attach(policy, encoder)
    assert found.ends == generate.end_tokens() and set(found.banned) == set(banned_token_ids(policy).tolist())
    settings = found.settings(Sampling(n=8, temperature=0.7, top_p=0.9, top_k=3), 99, seed=2**62)
    assert settings["stop_token_ids"] == found.ends and settings["ignore_eos"]
    assert settings["logit_bias"].keys() == set(found.banned) and max(settings["logit_bias"].values()) < -1e9
    assert (settings["temperature"], settings["top_p"], settings["top_k"]) == (0.7, 0.9, 3)
    assert (settings["max_tokens"], settings["seed"]) == (99, 2**62) and json.dumps(settings)


def test_prompts_that_an_engine_reads_otherwise(mixed_prompts):
    same = [Answer([2], [0.0], "stop", p.token_ids.tolist()) for p in mixed_prompts for _ in range(2)]
    require_same_prompts(mixed_prompts, same)
    same[5] = replace(same[5], prompt_token_ids=[*same[5].prompt_token_ids, 3])
    with pytest.raises(UserError, match="prompt two: vLLM reads"):
        require_same_prompts(mixed_prompts, same)


def test_prompts_that_do_not_fit(mixed_prompts):
    longest = max(len(prompt.token_ids) for prompt in mixed_prompts)
    replace(BUILDER, most_tokens=longest + 10, most_pictures=2).require_room(mixed_prompts, 10)
    with pytest.raises(UserError, match="max_model_len"):
        replace(BUILDER, most_tokens=longest + 10).require_room(mixed_prompts, 11)
    with pytest.raises(UserError, match="max_pictures: 1, and prompt two has 2"):
        replace(BUILDER, most_pictures=1).require_room(mixed_prompts, 10)


def test_answers_in_their_order():
    def answer(call):
        return Response(body=json.dumps(call.body).encode(), wait=0.02 * (4 - call.body["k"] % 5))

    with ChatServer(answer) as chat:
        server = InferenceServer(Server(chat.url.removesuffix("/v1"), "", concurrency=5))
        assert [reply["k"] for reply in server.call_all("POST", "/echo", [{"k": k} for k in range(20)])] == [*range(20)]
        assert 1 < chat.most_at_once <= 5 and {call.path for call in chat.calls} == {"/echo"}
