"""When an engine in process sleeps, wakes and gets weights, and in which type; with a stand-in for vLLM."""

import os

import pytest
import torch
from training.helpers import Given, fit, grpo

from revisual.core.errors import UserError
from revisual.data.prompts import PromptDataModule
from revisual.models.sharding import full_tensors
from revisual.rollout.engine import Sampling, draw_completions
from revisual.rollout.vllm import engine as engine_module
from revisual.rollout.vllm.engine import VLLMRollout, launcher_variables
from revisual.training.engine_check import EngineCheck
from revisual.training.settings import EvalSampling

from .stub import StubLLM, install


@pytest.fixture
def engine(monkeypatch, policy, encoder, mixed_prompts):
    install(monkeypatch, policy, mixed_prompts)
    engine = VLLMRollout()
    engine.attach(policy, encoder)
    return engine


def ask(engine, prompts, n=2, length=2):
    return draw_completions(engine, prompts, Sampling(n), length, list(range(len(prompts) * n)))


def send(engine):
    engine.load_weights(full_tensors(engine.policy, engine.weight_dtype()))


def test_by_default_it_gives_its_weights_back_after_each_rollout(engine, mixed_prompts):
    send(engine)
    ask(engine, mixed_prompts)
    (llm,) = StubLLM.made
    assert llm.log == ["weights", "generate", "sleep 2"] and engine.needs_weights
    with pytest.raises(RuntimeError, match="load_weights comes before generate"):
        ask(engine, mixed_prompts)
    send(engine)
    ask(engine, mixed_prompts)
    assert llm.log[3:] == ["wake weights", "weights", "wake kv_cache", "generate", "sleep 2"]


def test_it_stays_awake_where_more_is_to_come(engine, mixed_prompts):
    send(engine)
    with engine.stay_awake():
        for _ in range(2):
            with engine.stay_awake():
                ask(engine, mixed_prompts)
                assert not engine.needs_weights
    assert StubLLM.made[0].log == ["weights", "generate", "generate", "sleep 2"] and engine.needs_weights


def test_a_run_with_two_samplings_sends_weights_once_a_validation(engine, policy_folder, tmp_path, mixed_samples):
    """A step, and a validation of two batches and two ways of drawing, for each new set of weights."""
    samples = mixed_samples[:4]
    data = PromptDataModule([Given(samples)], [Given(samples)], batch_size=2, evaluation_batch_size=2)
    ways = EvalSampling(validation={"greedy": Sampling(temperature=0.0), "four": Sampling(n=4)})
    module = grpo(policy_folder, engine=VLLMRollout(), eval_sampling=ways, engine_check=EngineCheck(every=0))
    fit(module, data, tmp_path, 2, val_check_interval=1, check_val_every_n_epoch=None, limit_val_batches=2)
    (llm,) = StubLLM.made
    rounds = " ".join(llm.log).split("weights ")
    assert llm.log.count("generate") == 2 * (1 + 2 * 2)
    validations = [part for part in " ".join(llm.log).split(" sleep 2") if part.count("generate") > 1]
    assert len(validations) == 2 and all(part.count("generate") == 4 for part in validations)
    assert all(part.replace("wake weights", "").count("weights") == 1 for part in validations) and rounds


@pytest.mark.parametrize(("dtype", "expected"), [("auto", torch.bfloat16), ("float32", torch.float32)])
def test_weights_come_in_the_engines_type(engine, mixed_prompts, dtype, expected):
    engine.dtype = dtype
    assert engine.weight_dtype() == expected
    engine.load_weights(full_tensors(engine.policy))  # whoever does not ask
    (llm,) = StubLLM.made
    assert llm.types == {expected} and llm.arguments["dtype"] == str(expected).removeprefix("torch.")
    sent = {tensor.dtype for _, tensor in full_tensors(engine.policy, engine.weight_dtype())}
    assert sent == {expected}


def test_it_computes_apart_from_the_trainers_precision(engine, mixed_prompts):
    torch.set_default_dtype(torch.bfloat16)
    try:
        with torch.autocast("cpu", torch.bfloat16):
            send(engine)
            ask(engine, mixed_prompts)
            assert torch.is_autocast_enabled("cpu") and torch.get_default_dtype() == torch.bfloat16
    finally:
        torch.set_default_dtype(torch.float32)
    assert StubLLM.made[0].autocast == [(False, torch.float32)]


def test_a_picture_has_one_name_for_all_answers_to_its_prompt(engine, mixed_prompts):
    for _ in range(2):
        send(engine)
        ask(engine, mixed_prompts, n=3)
    first, second = StubLLM.made[0].requests
    names = []
    for p, prompt in enumerate(mixed_prompts):
        group = first[p * 3 : p * 3 + 3]
        assert all(row is group[0] for row in group)
        if not prompt.pictures:
            assert "multi_modal_uuids" not in group[0]
            continue
        assert len(group[0]["multi_modal_uuids"]["image"]) == len(prompt.pictures)
        names += group[0]["multi_modal_uuids"]["image"] + second[p * 3]["multi_modal_uuids"]["image"]
    assert len(set(names)) == len(names)  # of other pictures, and of other rollouts


def test_its_length_follows_from_the_run(engine, policy, encoder):
    engine.require_length(3000)
    engine.require_length(200)
    send(engine)
    assert StubLLM.made[0].arguments["max_model_len"] == engine.request_builder.most_tokens == 3000
    short = VLLMRollout(max_model_len=2999)
    short.attach(policy, encoder)
    with pytest.raises(UserError, match=r"engine\.max_model_len: 2999, and prompts and answers may have 3000"):
        short.require_length(3000)


def test_a_module_tells_its_engine_how_long_rows_may_be(engine, policy_folder, tmp_path, mixed_samples):
    data = PromptDataModule([Given(mixed_samples[:4])], batch_size=2, max_prompt_tokens=400)
    fit(grpo(policy_folder, engine=VLLMRollout(), engine_check=EngineCheck(every=0)), data, tmp_path, 1)
    assert StubLLM.made[0].arguments["max_model_len"] == 406


@pytest.mark.parametrize("given", [{}, {"RANK": "9"}, {"SLURM_LOCALID": "3"}])
def test_the_external_launcher_finds_its_variables(engine, mixed_prompts, monkeypatch, given):
    """As Lightning's own launcher and SLURM leave them."""
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "SLURM_LOCALID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert launcher_variables(torch.device("cuda", 1)) == {}
    for name, value in {"is_initialized": True, "get_rank": 5, "get_world_size": 8}.items():
        monkeypatch.setattr(engine_module.dist, name, lambda value=value: value)
    assert launcher_variables(torch.device("cuda", 1))["LOCAL_RANK"] == "1"
    before = dict(os.environ)
    try:
        send(engine)
        local = given.get("SLURM_LOCALID", "5")
        found = {name: os.environ[name] for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
    finally:
        os.environ.clear()
        os.environ.update(before)
    assert found == {"RANK": given.get("RANK", "5"), "WORLD_SIZE": "8", "LOCAL_RANK": local}
    assert StubLLM.made[0].arguments["distributed_executor_backend"] == "external_launcher"
