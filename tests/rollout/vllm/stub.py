"""A stand-in for vLLM's in-process interface: what is asleep is gone, as on a GPU, and calls out of order fail."""

import math
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import ClassVar

import torch

from revisual.rollout.vllm.worker import WeightReceiver


class StubModel(torch.nn.Module):
    """Takes weights by the policy's own names."""

    def __init__(self, shapes):
        super().__init__()
        self.held = dict.fromkeys(shapes)

    def named_parameters(self, *args, **kwargs):
        return iter({name: None for name in self.held}.items())

    def load_weights(self, weights):
        names = set()
        for name, tensor in weights:
            self.held[name] = tensor.clone()
            names.add(name)
        return names


class StubLLM(WeightReceiver):
    """Draws the last sampled token's id from its weights; refuses to work asleep."""

    made: ClassVar[list["StubLLM"]] = []
    names: tuple[str, ...] = ()

    def __init__(self, **arguments):
        self.arguments, self.log = arguments, []
        self.model = StubModel(self.names)
        self.model_runner = SimpleNamespace(get_model=lambda: self.model)
        self.model_config = SimpleNamespace(
            logprobs_mode="processed_logprobs",
            max_model_len=arguments["max_model_len"],
            dtype=getattr(torch, arguments["dtype"]),
        )
        self.awake = {"weights", "kv_cache"}
        self.llm_engine = SimpleNamespace(engine_core=SimpleNamespace(reset_encoder_cache=lambda: None))
        self.autocast, self.requests, self.types = [], [], {}
        StubLLM.made.append(self)

    def reload_weights(self, weights_iterator):
        assert "weights" in self.awake, "weights sent to an engine that is asleep"
        self.model.load_weights(weights_iterator)

    def collective_rpc(self, method, kwargs):
        report = getattr(self, method)(**kwargs)
        self.types = {tensor.dtype for tensor in self.model.held.values() if tensor is not None}
        self.log.append("weights")
        return [report]

    def reset_prefix_cache(self):
        return True

    def reset_mm_cache(self):
        pass

    def sleep(self, level):
        assert self.awake, "asleep already"
        self.log.append(f"sleep {level}")
        self.awake = set()
        if level == 2:
            self.model.held = dict.fromkeys(self.model.held)

    def wake_up(self, tags):
        assert not self.awake & set(tags), "awake already"
        self.log.append(f"wake {' '.join(tags)}")
        self.awake |= set(tags)

    def generate(self, prompts, params, use_tqdm):
        assert self.awake == {"weights", "kv_cache"}, f"only {self.awake} awake"
        assert all(tensor is not None for tensor in self.model.held.values()), "no weights"
        self.log.append("generate")
        self.autocast.append((torch.is_autocast_enabled("cpu"), torch.get_default_dtype()))
        self.requests.append(prompts)
        return [self.answer(prompt) for prompt in prompts]

    def answer(self, prompt):
        tokens = [5, 6]
        logprobs = [{token: SimpleNamespace(logprob=-math.log(4))} for token in tokens]
        own = SimpleNamespace(token_ids=tokens, logprobs=logprobs, finish_reason="length")
        return SimpleNamespace(outputs=[own], prompt_token_ids=self.expanded[tuple(prompt["prompt_token_ids"])])


def install(monkeypatch, policy, prompts, *, is_cpu=False):
    """Puts the stand-in where vLLM would be imported from."""
    names = {
        "vllm": {"LLM": StubLLM, "SamplingParams": lambda **settings: SimpleNamespace(**settings)},
        "vllm.platforms": {"current_platform": SimpleNamespace(is_cpu=lambda: is_cpu)},
        "vllm.model_executor": {},
        "vllm.model_executor.model_loader": {"register_model_loader": lambda name: lambda kind: kind},
        "vllm.model_executor.model_loader.base_loader": {"BaseModelLoader": object},
    }
    for name, members in names.items():
        module = ModuleType(name)
        module.__spec__ = ModuleSpec(name, None)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(StubLLM, "made", [])
    monkeypatch.setattr(StubLLM, "names", tuple(policy.state_dict()))
    expanded = {tuple(p.engine_token_ids.tolist()): p.token_ids.tolist() for p in prompts}
    monkeypatch.setattr(StubLLM, "expanded", expanded, raising=False)
