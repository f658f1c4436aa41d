"""What is sent to a server, and how often, with a stand-in for vLLM's own."""

import json
import threading
import time

import pytest
import torch
from client.chat_server import ChatServer, Response
from safetensors.torch import load_file

from revisual.client.retries import Retries
from revisual.models.sharding import full_tensors
from revisual.rollout.engine import Sampling
from revisual.rollout.vllm.server import VLLMServerRollout
from revisual.rollout.weight_sync import read_weights, record_checksums


class StubServer:
    """A server's worker: its process, the weights that it was sent last, and how often."""

    def __init__(self, prompts, dtype="bfloat16"):
        self.expanded = {tuple(p.engine_token_ids.tolist()): p.token_ids.tolist() for p in prompts}
        self.dtype, self.version, self.process, self.pushes = dtype, "", "first", 0
        self.lock = threading.Lock()

    def restart(self):
        self.version, self.process = "", "second"

    def __call__(self, call):
        path = call.path.split("?")[0]
        if path == "/collective_rpc":
            return self.reply({"results": [getattr(self, call.body["method"])(**call.body["kwargs"])]})
        if path == "/inference/v1/generate":
            choice = {"finish_reason": "length", "token_ids": [5], "logprobs": {"content": [{"logprob": -1.0}]}}
            return self.reply({"choices": [choice], "prompt_token_ids": self.expanded[tuple(call.body["token_ids"])]})
        return self.reply({"success": True})

    def reply(self, body):
        return Response(body=json.dumps(body).encode())

    def rollout_state(self):
        state = {"process": self.process, "version": self.version, "logprobs_mode": "processed_logprobs"}
        return state | {"max_model_len": 4096, "dtype": self.dtype}

    def receive_weights(self, folder, version):
        from pathlib import Path

        checksums = {}
        for _ in record_checksums(read_weights(Path(folder)), checksums):
            pass
        time.sleep(0.2)  # long enough for another rank to come by
        with self.lock:
            self.pushes, self.version = self.pushes + 1, version
        return {"checksums": checksums, "not_loaded": []}


def rank(url, policy, encoder, folder, like=None):
    engine = VLLMServerRollout(url, folder=str(folder), retries=Retries(attempts=1))
    engine.attach(policy, encoder)
    if like is not None:  # what the first rank's `load_weights` tells the others
        engine._sent, engine.checksums, engine._version = like._sent, like.checksums, like._version
        engine.needs_weights = False
    return engine


def generate(engine, prompts):
    return engine.generate(prompts, Sampling(2), 1, range(2 * len(prompts)))


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_weights_are_written_in_the_servers_type(policy, encoder, mixed_prompts, tmp_path, dtype):
    server = StubServer(mixed_prompts, dtype)
    with ChatServer(server) as chat:
        engine = rank(chat.url.removesuffix("/v1"), policy, encoder, tmp_path)
        assert engine.weight_dtype() == getattr(torch, dtype)
        engine.load_weights(full_tensors(policy, engine.weight_dtype()))
        assert len(generate(engine, mixed_prompts).token_ids) == 10
    written = [tensor for path in tmp_path.rglob("*.safetensors") for tensor in load_file(path).values()]
    assert written and {tensor.dtype for tensor in written} == {getattr(torch, dtype)}


def test_one_rank_alone_sends_weights_after_a_restart(policy, encoder, mixed_prompts, tmp_path):
    server = StubServer(mixed_prompts)
    with ChatServer(server) as chat:
        url = chat.url.removesuffix("/v1")
        first = rank(url, policy, encoder, tmp_path)
        first.load_weights(full_tensors(policy, first.weight_dtype()))
        others = [rank(url, policy, encoder, tmp_path, first) for _ in range(3)]
        assert server.pushes == 1
        server.restart()
        answers, threads = [], []
        for engine in (first, *others):
            threads.append(threading.Thread(target=lambda e=engine: answers.append(generate(e, mixed_prompts))))
            threads[-1].start()
        for thread in threads:
            thread.join(60)
        assert len(answers) == 4 and server.pushes == 2
