"""vLLM in process: a real engine on the CPU, against the trainer's own forward."""

from dataclasses import replace

import pytest
import torch
from models.test_parts import random_adapter
from torch.testing import assert_close

from revisual.core.errors import UserError
from revisual.data.encoding import PromptEncoder
from revisual.models.logprobs import banned_token_ids
from revisual.models.policy import PretrainedPolicy
from revisual.models.sharding import full_tensors
from revisual.rollout.engine import Sampling
from revisual.rollout.hf.sampler import truncate
from revisual.rollout.vllm.engine import VLLMRollout
from revisual.training.engine_check import EngineCheck, logprob_gaps

from .helpers import LENGTH, gap, outputs, require_vllm, rollout, save_policy, take_step

pytestmark = pytest.mark.engine
require_vllm()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vllm") / "policy"
    save_policy(folder)
    return folder


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


@pytest.fixture(scope="module")
def started(folder, processor, encoder):
    engine = VLLMRollout(max_model_len=512, max_pictures=2)
    policy = PretrainedPolicy(str(folder)).load(processor)
    engine.attach(policy, encoder)
    before, threads, set_num_threads = torch.get_rng_state(), torch.get_num_threads(), torch.set_num_threads
    engine.load_weights(full_tensors(policy))
    assert torch.equal(before, torch.get_rng_state())  # a run with this engine draws as one without
    assert torch.get_num_threads() == threads and torch.set_num_threads is set_num_threads
    return engine


@pytest.fixture
def engine(started, policy, encoder):
    """The one engine of this module, with the policy's weights."""
    started.attach(policy, encoder)
    started.load_weights(full_tensors(policy))
    return started


@pytest.mark.parametrize("temperature", [1.0, 0.7, 0.0])
def test_logprobs_are_the_trainers(engine, policy, encoder, prompts, temperature):
    completions = rollout(engine, prompts, Sampling(n=3, temperature=temperature))
    assert completions.token_ids.shape == (15, LENGTH)
    assert gap(policy, encoder, prompts, completions, temperature or 1.0) < 1e-4


def test_logprobs_after_optimizer_steps(engine, policy, encoder, prompts):
    optimizer = torch.optim.AdamW(policy.parameters(), lr=1e-2)
    for _ in range(3):
        completions = rollout(engine, prompts)
        take_step(policy, optimizer, encoder, prompts, completions)
        assert gap(policy, encoder, prompts, rollout(engine, prompts)) > 0.1  # the engine still has the old weights
        before = engine.checksums
        engine.load_weights(full_tensors(policy))
        assert engine.checksums.keys() == before.keys() and engine.checksums != before
        assert gap(policy, encoder, prompts, rollout(engine, prompts)) < 1e-4


def test_rows_depend_on_their_seed_alone(engine, prompts):
    first, other = rollout(engine, prompts), rollout(engine, prompts, seed=1)
    backwards = rollout(engine, prompts[::-1])
    assert first.token_ids.tolist() != other.token_ids.tolist()
    assert len({tuple(row) for row in first.token_ids.tolist()}) == 10
    for row in range(10):
        p, j = divmod(row, 2)
        assert backwards.token_ids[(4 - p) * 2 + j].tolist() == first.token_ids[row].tolist()


@pytest.mark.parametrize(
    "sampling", [Sampling(n=2, top_p=0.6), Sampling(n=2, top_k=5), Sampling(n=2, top_k=9, top_p=0.7)]
)
def test_logprobs_of_a_nucleus_are_those_within_it(engine, policy, encoder, prompts, sampling):
    completions = rollout(engine, prompts[:1], sampling)
    for tokens, logprobs in zip(completions.token_ids, completions.logprobs, strict=True):
        policy.model.rope_deltas = None
        ids = torch.cat([prompts[0].token_ids, tokens])[None]
        types = torch.cat([prompts[0].mm_token_type_ids, torch.zeros_like(tokens)])[None]
        with torch.no_grad():
            logits = policy(input_ids=ids, mm_token_type_ids=types, **encoder.vision_inputs(prompts[0])).logits
        logits[..., banned_token_ids(policy)] = -1e30
        whole = logits[0, -LENGTH - 1 : -1].log_softmax(-1)
        within = truncate(whole, sampling.top_p, sampling.top_k).gather(-1, tokens[:, None])[:, 0]
        assert_close(logprobs, within, atol=1e-4, rtol=0)
        assert (within - whole.gather(-1, tokens[:, None])[:, 0] > 0.01).any()


def test_answers_end_at_the_first_end_token(engine, policy, encoder, prompts):
    ends = list(range(20, 60))
    policy.generation_config.eos_token_id = ends
    engine.attach(policy, encoder)
    completions = rollout(engine, prompts, Sampling(n=8))
    assert completions.truncated.any() and not completions.truncated.all()
    ending = torch.tensor([*ends, encoder.processor.tokenizer.eos_token_id])
    for row, truncated in enumerate(completions.truncated.tolist()):
        tokens = completions.token_ids[row][completions.mask[row]]
        assert not torch.isin(tokens[:-1], ending).any()
        assert bool(torch.isin(tokens[-1], ending)) != truncated
        assert len(tokens) == LENGTH or not truncated
    assert (completions.logprobs[~completions.mask] == 0).all()
    assert gap(policy, encoder, prompts, completions) < 1e-4


def test_forbidden_tokens_are_not_drawn(engine, policy, encoder, prompts):
    assert list(engine.request_builder.banned) and set(engine.request_builder.banned) == {
        encoder.processor.tokenizer.convert_tokens_to_ids(token)
        for token in ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>")
    }
    kept = [30, 31, 32]
    banned = [token for token in range(policy.config.text_config.vocab_size) if token not in kept]
    engine.request_builder = replace(engine.request_builder, banned=banned, ends=[30])
    completions = rollout(engine, prompts, Sampling(n=4))
    assert set(completions.token_ids[completions.mask].tolist()) == set(kept) and not completions.banned.any()
    for row in range(3):  # of the three that are left, each has its share of all
        assert -6 < completions.logprobs[row, 0] < 0


@pytest.mark.parametrize(
    "name",
    [
        "lm_head.weight",
        "model.language_model.embed_tokens.weight",
        "model.language_model.layers.1.self_attn.q_proj.weight",
        "model.visual.blocks.0.mlp.gate_proj.bias",
    ],
)
def test_a_withheld_tensor_is_named(engine, policy, prompts, name):
    with pytest.raises(UserError, match=f"{name} not sent"):
        engine.load_weights((n, tensor) for n, tensor in full_tensors(policy) if n != name)
    with pytest.raises(RuntimeError, match="load_weights comes before generate"):
        rollout(engine, prompts)


def test_a_tensor_that_the_engine_leaves_out_is_named(engine, policy):
    """An engine that gets all, and passes over one."""

    def forget(worker):
        model = worker.model_runner.get_model()
        type(model).load_weights_of_all = type(model).load_weights
        type(model).load_weights = lambda self, weights: self.load_weights_of_all(
            (name, tensor) for name, tensor in weights if not name.endswith("language_model.norm.weight")
        )

    def remember(worker):
        kind = type(worker.model_runner.get_model())
        kind.load_weights = kind.load_weights_of_all

    engine._llm.collective_rpc(forget)
    try:
        with pytest.raises(UserError, match=r"its language_model\.model\.norm\.weight got nothing"):
            engine.load_weights(full_tensors(policy))
    finally:
        engine._llm.collective_rpc(remember)


@pytest.mark.parametrize(
    "name", ["model.language_model.layers.0.mlp.up_proj.weight", "model.visual.merger.mlp.2.bias", "lm_head.weight"]
)
def test_an_old_tensor_under_a_new_name_is_seen_by_its_logprobs(engine, policy, encoder, prompts, name):
    old = {n: tensor.clone() for n, tensor in full_tensors(policy)}
    take_step(policy, torch.optim.AdamW(policy.parameters(), lr=1e-2), encoder, prompts, rollout(engine, prompts))
    engine.load_weights((n, old[n] if n == name else tensor) for n, tensor in full_tensors(policy))
    completions = rollout(engine, prompts)
    with torch.no_grad():
        gaps = logprob_gaps(outputs(policy, encoder, prompts, completions), completions.logprobs, completions.mask)
    with pytest.raises(UserError, match="do not compute the same policy"):
        EngineCheck().require(gaps, noise=0.0, exact=True)


def test_a_tensor_too_many_is_named(engine, policy):
    with pytest.raises(UserError, match=r"the policy has no lm_head\.bias"):
        engine.load_weights([*full_tensors(policy), ("lm_head.bias", torch.zeros(1))])


def test_adapters_are_merged(folder, processor, engine, encoder, prompts):
    adapted = random_adapter(folder, processor)
    assert gap(adapted, encoder, prompts, rollout(engine, prompts)) > 0.01
    engine.attach(adapted, encoder)
    engine.load_weights(full_tensors(adapted))
    assert gap(adapted, encoder, prompts, rollout(engine, prompts)) < 1e-4


def test_asleep_between_rollouts(engine, policy, encoder, prompts, monkeypatch):
    """A CPU gives nothing back, but the order of the calls is that of a GPU: out of order, an engine waits for ever."""
    expected = rollout(engine, prompts)
    monkeypatch.setattr(engine, "sleep_level", 1)
    for _ in range(2):
        assert torch.equal(rollout(engine, prompts).token_ids, expected.token_ids)
    engine.load_weights(full_tensors(policy))
    assert torch.equal(rollout(engine, prompts).token_ids, expected.token_ids)
    monkeypatch.setattr(engine, "sleep_level", 2)
    rollout(engine, prompts)
    assert engine.needs_weights  # which this level gives up
    engine.load_weights(full_tensors(policy))
    monkeypatch.setattr(engine, "sleep_level", 0)
    assert torch.equal(rollout(engine, prompts).token_ids, expected.token_ids)


def test_a_picture_of_another_size_is_refused(engine, mixed_samples, folder):
    larger = PretrainedPolicy(str(folder), max_pixels=224 * 224).load_processor()
    pictured = replace(mixed_samples[2], images=[_enlarged(image) for image in mixed_samples[2].images])
    prompt = PromptEncoder(larger, system_prompt=None).encode(pictured)
    with pytest.raises(UserError, match=r"prompt two: vLLM reads \d+ tokens, the trainer \d+"):
        rollout(engine, [prompt])


def _enlarged(image):
    return replace(image, image=image.image.resize((224, 196)))


def test_what_does_not_fit_is_refused(engine, prompts, monkeypatch):
    with pytest.raises(UserError, match=r"max_model_len: 512 tokens do not hold prompt one"):
        rollout(engine, prompts, length=500)
    engine.request_builder = replace(engine.request_builder, most_pictures=1)
    with pytest.raises(UserError, match=r"max_pictures: 1, and prompt two has 2"):
        rollout(engine, prompts)


def test_one_engine_per_process():
    with pytest.raises(UserError, match="tensor_parallel_size"):
        VLLMRollout(options={"tensor_parallel_size": 2})
