"""A real vLLM server: rollouts, weights, and what happens when it goes away."""

import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.request import urlopen

import pytest
import torch
from safetensors.torch import load_file, save_file
from training.helpers import Keep, fit, grpo, some_samples
from training.helpers import prompts as prompts_of

from revisual.client.retries import Retries
from revisual.core.errors import UserError
from revisual.data.encoding import PromptEncoder
from revisual.models.policy import PretrainedPolicy
from revisual.models.sharding import full_tensors
from revisual.rl.importance import TokenImportance
from revisual.rl.losses import ClippedLoss
from revisual.rollout.engine import Sampling
from revisual.rollout.vllm.server import VLLMServerRollout
from revisual.training.engine_check import EngineCheck

from .helpers import LENGTH, LocalServer, gap, require_vllm, rollout, save_policy, take_step

pytestmark = pytest.mark.engine
require_vllm()

QUICK = Retries(attempts=400, first_delay=0.5, most_delay=2.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vllm") / "policy"
    save_policy(folder)
    return folder


@pytest.fixture(scope="module")
def server(folder, tmp_path_factory):
    with LocalServer(folder, tmp_path_factory.mktemp("log") / "server.log") as server:
        yield server


@pytest.fixture
def policy(folder, processor):
    return PretrainedPolicy(str(folder)).load(processor)


@pytest.fixture(scope="module")
def processor(folder):
    return PretrainedPolicy(str(folder)).load_processor()


@pytest.fixture(scope="module")
def encoder(processor):
    return PromptEncoder(processor, system_prompt=None)


@pytest.fixture(scope="module")
def prompts(encoder, mixed_samples):
    """With 1, 0, 2, 0 and 1 pictures."""
    return [encoder.encode(sample) for sample in mixed_samples]


@pytest.fixture
def engine(server, policy, encoder):
    engine = VLLMServerRollout(server.url, retries=QUICK)
    engine.attach(policy, encoder)
    engine.load_weights(full_tensors(policy))
    return engine


def stepped(engine, policy, encoder, prompts):
    """A policy that is no longer the one in the server's folder, and whose weights the server has."""
    optimizer = torch.optim.AdamW(policy.parameters(), lr=1e-2)
    take_step(policy, optimizer, encoder, prompts, rollout(engine, prompts))
    engine.load_weights(full_tensors(policy))
    return optimizer


def test_logprobs_are_the_trainers_before_and_after_steps(engine, policy, encoder, prompts):
    optimizer = torch.optim.AdamW(policy.parameters(), lr=1e-2)
    for _ in range(3):
        completions = rollout(engine, prompts)
        assert completions.token_ids.shape == (10, LENGTH)
        assert gap(policy, encoder, prompts, completions) < 1e-4
        take_step(policy, optimizer, encoder, prompts, completions)
        assert gap(policy, encoder, prompts, rollout(engine, prompts)) > 0.1  # the server still has the old weights
        engine.load_weights(full_tensors(policy))
    for temperature in (1.0, 0.7, 0.0):
        completions = rollout(engine, prompts, Sampling(n=2, temperature=temperature))
        assert gap(policy, encoder, prompts, completions, temperature or 1.0) < 1e-4


def test_rows_depend_on_their_seed_alone(engine, prompts):
    first, other, backwards = rollout(engine, prompts), rollout(engine, prompts, seed=1), rollout(engine, prompts[::-1])
    assert first.token_ids.tolist() != other.token_ids.tolist()
    for row in range(10):
        p, j = divmod(row, 2)
        assert backwards.token_ids[(4 - p) * 2 + j].tolist() == first.token_ids[row].tolist()


@pytest.mark.parametrize("name", ["lm_head.weight", "model.language_model.layers.1.self_attn.q_proj.weight"])
def test_a_withheld_tensor_is_named(engine, policy, prompts, name):
    with pytest.raises(UserError, match=f"{name} not sent"):
        engine.load_weights((n, tensor) for n, tensor in full_tensors(policy) if n != name)
    with pytest.raises(RuntimeError, match="load_weights comes before generate"):
        rollout(engine, prompts)


def test_a_tensor_that_changed_on_its_way_is_named(engine, policy, encoder, prompts, server):
    name = "model.visual.merger.mlp.0.weight"
    engine.load_weights(full_tensors(policy))
    (file,) = engine._sent.glob("*.safetensors")
    tensors = load_file(file)
    tensors[name][0, 0] += 1e-6
    save_file(tensors, file)
    other = VLLMServerRollout(server.url)  # another run's weights: the first engine has to send its own again
    other.attach(policy, encoder)
    with torch.no_grad():
        policy.model.language_model.norm.weight *= 2
    other.load_weights(full_tensors(policy))
    with pytest.raises(UserError, match=rf"it did not get {name} as sent"):
        rollout(engine, prompts)


def test_old_weights_are_removed(engine, policy, tmp_path, server, encoder):
    engine = VLLMServerRollout(server.url, folder=str(tmp_path / "shared"))
    engine.attach(policy, encoder)
    for _ in range(3):
        engine.load_weights(full_tensors(policy))
    assert len(list((tmp_path / "shared").iterdir())) == 1


def running(server):
    """How many requests the server works on."""
    with urlopen(f"{server.url}/metrics", timeout=5) as response:
        lines = response.read().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("vllm:num_requests_running"))


def test_a_server_killed_during_a_rollout(server, engine, policy, encoder, prompts):
    """Its step is done again when it is back, with the weights that it has lost."""
    stepped(engine, policy, encoder, prompts)
    expected = rollout(engine, prompts, Sampling(n=16), length=200)
    found = []
    thread = threading.Thread(target=lambda: found.append(rollout(engine, prompts, Sampling(n=16), length=200)))
    thread.start()
    while not running(server):
        time.sleep(0.001)
    assert thread.is_alive()
    server.kill()
    assert not found
    server.start()
    thread.join(480)
    assert torch.equal(found[0].token_ids, expected.token_ids)
    assert gap(policy, encoder, prompts, found[0]) < 1e-4


def test_a_server_started_again_between_two_rollouts(server, engine, policy, encoder, prompts):
    stepped(engine, policy, encoder, prompts)
    server.kill()
    server.start()
    assert gap(policy, encoder, prompts, rollout(engine, prompts)) < 1e-4


def test_a_server_that_stays_away(server, policy, encoder, prompts):
    server.wait()
    engine = VLLMServerRollout(server.url, retries=Retries(attempts=3, first_delay=0.01))
    engine.attach(policy, encoder)
    engine.load_weights(full_tensors(policy))
    server.kill()
    try:
        with pytest.raises(UserError, match=r"no rollouts after 3 attempts: the connection failed: .*") as ending:
            rollout(engine, prompts)
        assert "\n" not in str(ending.value) and server.url in str(ending.value)
        with pytest.raises(UserError, match="no new weights after 3 attempts"):
            engine.load_weights(full_tensors(policy))
    finally:
        server.start()
        server.wait()


def test_two_ranks(server, folder, tmp_path):
    """Both roll out, with the weights of rank 0."""
    program = Path(__file__).with_name("two_ranks.py")
    words = ["torch.distributed.run", "--standalone", "--nproc-per-node=2", program, server.url, folder, tmp_path]
    done = subprocess.run([sys.executable, "-m", *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    gaps = [float((tmp_path / f"gap{rank}").read_text()) for rank in range(2)]
    assert max(gaps) < 1e-4
    for rank in range(2):
        assert "lm_head.weight not sent" in (tmp_path / f"error{rank}").read_text()


def test_a_server_without_the_receiver(folder, policy, encoder, tmp_path):
    with LocalServer(folder, tmp_path / "log", receives_weights=False) as plain:
        engine = VLLMServerRollout(plain.url, retries=QUICK)
        engine.attach(policy, encoder)
        with pytest.raises(UserError, match=r"start the server with VLLM_SERVER_DEV_MODE=1.*WeightReceiver"):
            engine.load_weights(full_tensors(policy))


def test_a_run_draws_its_rollouts_one_step_ahead(server, folder, tmp_path):
    engine, keep = VLLMServerRollout(server.url, retries=QUICK), Keep()
    loss, parity = ClippedLoss(importance=TokenImportance()), EngineCheck(every=1, num_rollouts=8)
    module = grpo(folder, engine=engine, loss=loss, engine_check=parity, max_staleness=1, max_new_tokens=LENGTH)
    run = fit(module, prompts_of(some_samples(12), batch_size=2), tmp_path, 4, [keep])
    assert run.log.values("rollout/staleness") == [0, 1, 1, 1]
    assert [batch.policy_version.unique().tolist() for batch, _, _ in keep.kept] == [[0], [0], [1], [2]]
    # Compared once, as what is a step old has other log-probs; later rows repeat it.
    (fresh,) = set(run.log.values("rollout/logprob_gap"))
    assert fresh <= 1e-4 and all(run.watch.moved)
