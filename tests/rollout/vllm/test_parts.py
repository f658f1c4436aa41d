"""What the engines of vLLM rest on, without vLLM: checksums, files of weights, requests and replies."""

import importlib.util
import json
import struct
from dataclasses import replace

import pytest
import torch
from client.chat_server import ChatServer, Response

from revisual.client.retries import Retries
from revisual.client.server import Server
from revisual.core.errors import UserError
from revisual.models.logprobs import banned_token_ids
from revisual.rollout.engine import Sampling
from revisual.rollout.hf.engine import HFRollout
from revisual.rollout.http import InferenceServer, ServerGone
from revisual.rollout.requests import Answer, RequestBuilder, request_builder, require_same_prompts
from revisual.rollout.vllm.engine import VLLMRollout
from revisual.rollout.vllm.server import VLLMServerRollout
from revisual.rollout.weight_sync import (
    checksum,
    read_weights,
    require_loaded,
    require_names,
    require_received,
    weight_names,
    write_weights,
)

BUILDER = RequestBuilder(ends=[2], banned=[7, 8], pad_id=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.float64, torch.bfloat16])
def test_a_checksum_is_the_sum_of_bits(dtype):
    values = torch.tensor([[1.0, -2.5, 0.0], [3.0, 1e-3, -1e4]], dtype=dtype)
    kind = {2: "h", 4: "i", 8: "q"}[values.element_size()]
    raw = values.view(torch.uint8).numpy().tobytes()
    total = sum(struct.unpack(f"<6{kind}", raw)) % 2**64
    assert checksum(values) == f"2x3 {str(dtype)[6:]} {total:x}"


def test_checksums_tell_tensors_apart():
    weight = torch.randn(5, 7, generator=torch.Generator().manual_seed(0))
    changed = weight.clone()
    changed[3, 2] += 1e-7
    found = {checksum(w) for w in (weight, changed, -weight, weight.bfloat16(), weight.reshape(7, 5))}
    assert len(found) == 5 and checksum(weight.mT.contiguous().mT) == checksum(weight)


def test_names_are_those_of_the_plain_model(policy, policy_folder, processor):
    from models.test_parts import random_adapter

    names = set(policy.state_dict())
    assert weight_names(policy) == names and "lm_head.weight" in names
    assert weight_names(random_adapter(policy_folder, processor)) == names


def test_weights_through_files(policy, tmp_path):
    sent = dict(policy.state_dict())
    checksums = write_weights(sent.items(), tmp_path / "weights", file_bytes=50_000)
    assert len(list((tmp_path / "weights").iterdir())) > 3
    back = dict(read_weights(tmp_path / "weights"))
    assert back.keys() == sent.keys() == checksums.keys()  # the tied head as a tensor of its own
    assert all(torch.equal(back[name], tensor) and checksum(tensor) == checksums[name] for name, tensor in sent.items())


def test_weights_that_cannot_be_written(policy, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write the weights for the rollouts' engine to"):
        write_weights(policy.state_dict().items(), tmp_path / "file" / "weights")


def test_what_is_missing_is_named():
    names = [f"w{i}" for i in range(6)]
    require_names(names, reversed(names))
    with pytest.raises(UserError, match="w0, w1, w2 and 1 more not sent"):
        require_names(names, names[4:])
    with pytest.raises(UserError, match="the policy has no w5"):
        require_names(names[:5], names)
    require_received({"a": "1"}, {"a": "1"})
    for received in ({}, {"a": "2"}, {"a": "1", "b": "3"}):
        with pytest.raises(UserError, match=r"it did not get [ab] as sent"):
            require_received({"a": "1"}, received)
    require_loaded([])
    with pytest.raises(UserError, match="its norm got nothing"):
        require_loaded(["norm"])


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


@pytest.mark.parametrize(
    ("response", "error", "said"),
    [
        (Response(status=500, body=b"engine is dead"), ServerGone, "HTTP 500 from /x: engine is dead"),
        (Response(status=503), ServerGone, "HTTP 503"),
        (Response(body=b'{"half": 1', headers={}), ServerGone, "no JSON"),
        (Response(body=b'{"whole": 1}', cut=4), ServerGone, "the connection failed"),
        (Response(status=404, body=b"what?"), UserError, "/x: HTTP 404: what?"),
        (Response(status=307, headers={"Location": "http://elsewhere.invalid"}), UserError, "HTTP 307"),
    ],
)
def test_what_a_server_may_do(response, error, said):
    with ChatServer(lambda call: response) as chat, pytest.raises(error, match=said):
        InferenceServer(Server(chat.url.removesuffix("/v1"), "")).call("POST", "/x", {})


def test_a_silent_server_is_gone():
    with ChatServer(lambda call: Response(body=b"{}", wait=2.0)) as chat:
        server = InferenceServer(Server(chat.url.removesuffix("/v1"), "", timeout_seconds=0.1))
        with pytest.raises(ServerGone, match=r"no answer from /x within 0\.1 s"):
            server.call("POST", "/x", {})


def test_the_key_goes_along(monkeypatch):
    monkeypatch.setenv("VLLM_API_KEY", "sk-secret")
    with ChatServer(lambda call: Response(body=b"{}")) as chat:
        VLLMServerRollout(chat.url.removesuffix("/v1")).server.call("POST", "/x", {})
        assert chat.calls[0].headers["authorization"] == "Bearer sk-secret"


def test_no_server_at_all(policy, encoder):
    engine = VLLMServerRollout("http://127.0.0.1:9", retries=Retries(attempts=2, first_delay=0.01))
    engine.attach(policy, encoder)
    with pytest.raises(UserError, match=r"http://127\.0\.0\.1:9: no new weights after 2 attempts: the connection fai"):
        engine.load_weights(policy.state_dict().items())


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is installed")
def test_without_vllm_one_line_says_what_to_install(policy, encoder):
    with pytest.raises(UserError, match=r"vLLM is not installed: pip install 'revisual\[vllm\]'"):
        VLLMRollout().attach(policy, encoder)
