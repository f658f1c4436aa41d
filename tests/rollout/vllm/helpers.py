"""vLLM on a CPU for tests: a policy that its kernels take, and servers that listen on this machine only."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import torch
from conftest import small_texts
from training.ranks import free_port

from revisual.core.seeds import stable_seed
from revisual.models.inputs import PromptedRows, forward_inputs
from revisual.models.logprobs import banned_token_ids, token_logprobs
from revisual.models.policy import PretrainedPolicy
from revisual.models.tiny import TinyArchitecture, save_tiny_policy
from revisual.rollout.engine import Sampling
from revisual.rollout.vllm.worker import WeightReceiver

# Heads of 32 channels, the fewest that vLLM has CPU kernels for; weights large enough for outputs to vary.
ARCHITECTURE = TinyArchitecture(
    hidden=64, layers=2, heads=2, key_value_heads=1, intermediate=96, vision_hidden=64, vocabulary=400,
    initializer_range=0.1,
)  # fmt: skip

LENGTH = 12  # tokens of a completion
TWICE = Sampling(n=2)

RECEIVER = f"{WeightReceiver.__module__}.{WeightReceiver.__name__}"

# What vLLM's CPU build needs to start quickly, and to leave a second core to others.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_CI_ENV": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_LOGGING_LEVEL": "WARNING",
    "TORCH_COMPILE_DISABLE": "1",
    "HF_HUB_OFFLINE": "1",
}


def require_vllm():
    """Skips a module's tests where vLLM is missing or does not load."""
    os.environ.update(ENVIRONMENT)
    pytest.importorskip("vllm", reason="vLLM is not installed: .ci/engines installs it", exc_type=ImportError)


def save_policy(folder, seed=3):
    save_tiny_policy(folder, ARCHITECTURE, small_texts(), seed)
    loader = PretrainedPolicy(str(folder))
    processor = loader.load_processor()
    return loader.load(processor), processor


def rollout(engine, prompts, sampling=TWICE, length=LENGTH, seed=0):
    """Completions by an engine, the row's seed from its prompt and place."""
    seeds = [stable_seed(seed, prompt.id, j) for prompt in prompts for j in range(sampling.n)]
    return engine.generate(prompts, sampling, length, seeds)


def outputs(policy, encoder, prompts, completions, temperature=1.0):
    """What the trainer says of an engine's completions."""
    n = len(completions.token_ids) // len(prompts)
    index, pad_id = torch.arange(len(prompts)).repeat_interleave(n), encoder.processor.tokenizer.pad_token_id
    tokens, mask = completions.token_ids, completions.mask
    inputs = forward_inputs(policy, PromptedRows(prompts, index, encoder.vision_inputs, pad_id, tokens, mask))
    banned = banned_token_ids(policy)
    return token_logprobs(policy, inputs, tokens, mask, temperature=temperature, banned=banned).logprobs


def gap(policy, encoder, prompts, completions, temperature=1.0):
    """The largest distance of the engine's log-probs from the trainer's."""
    with torch.no_grad():
        trained = outputs(policy, encoder, prompts, completions, temperature)
    return float((trained - completions.logprobs).abs().max())


def take_step(policy, optimizer, encoder, prompts, completions):
    """An optimizer step away from what was sampled."""
    loss = outputs(policy, encoder, prompts, completions).sum() / completions.mask.sum()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()


class LocalServer:
    """`with LocalServer(folder, log) as server`: a vLLM server in a session of its own, killed at the end."""

    def __init__(self, folder, log, *options, port=None, receives_weights=True):
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        receiver = ["--worker-extension-cls", RECEIVER] if receives_weights else []
        self.command = [
            sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(folder),
            "--host", "127.0.0.1", "--port", str(self.port), "--served-model-name", "tiny", "--dtype", "float32",
            "--max-model-len", "512", "--enforce-eager", "--generation-config", "vllm",
            "--limit-mm-per-prompt", '{"image": 2, "video": 0}', "--logprobs-mode", "processed_logprobs",
            "--enable-scale-out", "--no-enable-chunked-prefill", *receiver, *options,
        ]  # fmt: skip
        self.process = None

    def start(self):
        """Starts it, and does not wait."""
        environment = os.environ | ENVIRONMENT | {"VLLM_SERVER_DEV_MODE": "1"}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def wait(self, seconds=480):
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            with suppress(URLError, OSError), urlopen(f"{self.url}/health", timeout=5):
                return
            assert self.process.poll() is None, self.log.read_text()[-4000:]
            time.sleep(0.2)
        raise AssertionError(f"the server is not ready after {seconds} s: {self.log.read_text()[-4000:]}")

    def kill(self):
        """kill -9, of its engine's process, too."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def __enter__(self):
        self.start()
        try:
            self.wait()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *error):
        self.kill()
