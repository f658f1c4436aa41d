"""Rollouts by vLLM in the trainer's own process."""

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal
from uuid import uuid4

import torch
import torch.distributed as dist
from lightning.pytorch.utilities.seed import isolate_rng
from torch import Tensor, nn
from typing_extensions import override

from revisual.core.errors import UserError
from revisual.core.ranges import NonNegativeInt, PositiveFraction, PositiveInt, check_ranges
from revisual.data.encoding import PromptEncoder
from revisual.data.prompt import EncodedPrompt
from revisual.models.families import find_family
from revisual.rollout.engine import Completions, EngineMemory, RolloutEngine, Sampling
from revisual.rollout.requests import Answer, request_builder, require_same_prompts
from revisual.rollout.vllm.start import BLANK, register_blank_loader, require_vllm, save_without_weights
from revisual.rollout.weight_sync import (
    cast_weights,
    published_weights,
    require_loaded,
    require_names,
    weight_names,
)

ENVIRONMENT = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # within one process, weights are handed over in memory
    "VLLM_LOGGING_LEVEL": "WARNING",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",  # else the trainer's threads are bound to a core, too
    "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB; on a CPU there are tiny policies only
}
"""What vLLM reads before it starts, where it is not set otherwise."""

DEFAULT_TOKENS = 16384
"""Of a prompt and its answer together, where neither the config nor the run says how many."""

RECEIVER = "revisual.rollout.vllm.worker.WeightReceiver"


class VLLMRollout(RolloutEngine):
    """An engine of vLLM's on each process, beside the policy on the same device.

    It starts without weights, at the first `load_weights`; so a sharded policy never has to be written out whole.
    What it gives back of a GPU while it sleeps was never run on one: docs/engines.md.

    Args:
        max_model_len: tokens of a prompt and its answer together; null: as many as the run's limits allow.
        max_pictures: most pictures of one prompt.
        gpu_memory_utilization: the share of the device's memory that the engine may take while it is awake.
        dtype: what it computes in, and gets weights in; auto: bfloat16 on a GPU, else the policy's own.
        sleep_level: what the engine gives back between rollouts on a GPU: 0 nothing, 1 the cache, with its weights
            moved to the host, 2 its weights, too, which are then sent before the next rollout. A CPU has no such
            levels.
        options: further arguments of `vllm.LLM`.

    Example: `VLLMRollout(max_model_len=10240, gpu_memory_utilization=0.5)`
    """

    def __init__(
        self,
        max_model_len: PositiveInt | None = None,
        max_pictures: NonNegativeInt = 8,
        gpu_memory_utilization: PositiveFraction = 0.4,
        dtype: Literal["auto", "bfloat16", "float32"] = "auto",
        sleep_level: Literal[0, 1, 2] = 2,
        options: dict[str, Any] | None = None,
    ) -> None:
        self.max_model_len, self.max_pictures = max_model_len, max_pictures
        self.gpu_memory_utilization, self.dtype, self.sleep_level = gpu_memory_utilization, dtype, sleep_level
        check_ranges(self)
        self.options = options or {}
        if self.options.get("tensor_parallel_size", 1) != 1:
            raise UserError(
                "engine.options.tensor_parallel_size: VLLMRollout has one engine per process; a policy that is too "
                "large for one device is served to VLLMServerRollout"
            )
        self.checksums: Mapping[str, str] = {}
        """Of the weights that the engine got last."""
        self.needs_weights = True
        """Whether `load_weights` must come before the next `generate`."""
        self._llm: Any = None
        self._most_tokens: int | None = None
        self._asleep: set[str] = set()
        self._awake = 0

    @override
    def attach(self, policy: nn.Module, encoder: PromptEncoder) -> None:
        """Take note of the policy; the engine starts when it first gets weights.

        Raises:
            UserError: vLLM is not installed.
        """
        require_vllm()
        self.policy = policy
        self.encoder = encoder
        self.request_builder = request_builder(policy, encoder, self._room(), self.max_pictures)
        self.names = weight_names(policy)

    @override
    def require_length(self, most_tokens: int) -> None:
        if self.max_model_len is not None and most_tokens > self.max_model_len:
            raise UserError(
                f"engine.max_model_len: {self.max_model_len}, and prompts and answers may have {most_tokens} tokens "
                "together; leave it out to have room for them"
            )
        self._most_tokens = max(most_tokens, self._most_tokens or 0)
        if self.policy is not None:
            self.request_builder = replace(self.request_builder, most_tokens=self._room())

    def _room(self) -> int:
        """Return how many tokens of prompt and answer it takes: what is set, or asked for, or the policy's most."""
        most = getattr(self.policy.config.get_text_config(), "max_position_embeddings", DEFAULT_TOKENS)
        return min(self.max_model_len or self._most_tokens or DEFAULT_TOKENS, most)

    @override
    def weight_dtype(self) -> torch.dtype:
        if self.dtype != "auto":
            return getattr(torch, self.dtype)
        return self.policy.dtype if self._is_on_cpu() else torch.bfloat16

    @override
    def memory(self) -> EngineMemory:
        return EngineMemory(share=self.gpu_memory_utilization)

    @override
    def load_weights(self, weights: Iterable[tuple[str, Tensor]]) -> None:
        """Take over full tensors under the plain model's names, those of a tied head included.

        Raises:
            UserError: not all of the policy was sent, or the engine did not get it; says which tensor.
        """
        weights = cast_weights(published_weights(self.policy, weights), self.weight_dtype())
        with torch.no_grad(), apart_from_the_trainer(self.policy.device):
            if self._llm is None:
                with isolate_rng():  # vLLM seeds the generators of the process
                    self._start()
            self._wake("weights")
            self.needs_weights = True  # until all of what follows has come to its end
            report = self._llm.collective_rpc("receive_weights", kwargs={"weights": weights})[0]
        require_names(self.names, report["checksums"])
        require_loaded(report["not_loaded"])
        self._forget()
        self.checksums, self.needs_weights = report["checksums"], False

    @override
    def generate(
        self, prompts: Sequence[EncodedPrompt], sampling: Sampling, max_new_tokens: int, seeds: Sequence[int]
    ) -> Completions:
        if self.needs_weights:
            raise RuntimeError("VLLMRollout: load_weights comes before generate")
        self.request_builder.require_room(prompts, max_new_tokens)
        sampling_params = import_module("vllm").SamplingParams
        rows = [row for prompt in map(_request, prompts) for row in [prompt] * sampling.n]
        params = [sampling_params(**self.request_builder.settings(sampling, max_new_tokens, seed)) for seed in seeds]
        with self.stay_awake(), apart_from_the_trainer(self.policy.device):
            self._wake("weights")
            self._wake("kv_cache")
            answers = [_answer(output) for output in self._llm.generate(rows, params, use_tqdm=False)]
        require_same_prompts(prompts, answers)
        return self.request_builder.completions(answers, self.policy.device)

    @contextmanager
    @override
    def stay_awake(self) -> Iterator[None]:
        self._awake += 1
        try:
            yield
        finally:
            self._awake -= 1
            if not self._awake:
                self._sleep()

    def _is_on_cpu(self) -> bool:
        return bool(import_module("vllm.platforms").current_platform.is_cpu())

    def _start(self) -> None:
        for name, value in (ENVIRONMENT | launcher_variables(self.policy.device)).items():
            os.environ.setdefault(name, value)
        vllm, is_cpu = import_module("vllm"), self._is_on_cpu()
        self._folder = TemporaryDirectory(prefix="revisual-engine-")  # lives as long as the engine
        save_without_weights(self.policy, self.encoder.processor, Path(self._folder.name))
        register_blank_loader()
        if is_cpu:
            torch._dynamo.config.disable = True  # vLLM's sampler would be compiled by g++ for half a minute
            self.sleep_level = 0
        own: dict[str, Any] = {
            "model": self._folder.name,
            "load_format": BLANK,
            "generation_config": "vllm",  # its own defaults: those of the folder may penalise or truncate
            "dtype": str(self.weight_dtype()).removeprefix("torch."),
            "max_model_len": self._room(),
            "limit_mm_per_prompt": {"image": self.max_pictures, "video": 0},
            "gpu_memory_utilization": self.gpu_memory_utilization,
            "enable_sleep_mode": self.sleep_level > 0,
            "enforce_eager": is_cpu,
            # Where a prompt is read in parts, its request's generator is wound back, which one of a CPU cannot be.
            "enable_chunked_prefill": not is_cpu,
            # States of layers are kept for later prompts only where prompts are read in parts.
            "enable_prefix_caching": not (is_cpu and find_family(self.policy.config).keeps_state),
            "logprobs_mode": "processed_logprobs",
            "worker_extension_cls": RECEIVER,
            "seed": 0,
        }
        if dist.is_initialized():  # an engine of its own on each rank's device
            own["distributed_executor_backend"] = "external_launcher"
        else:  # vLLM makes a group of one process, upon which Lightning asks whether means are over all of them
            warnings.filterwarnings("ignore", message=".*sync_dist=True.*")
        set_num_threads = torch.set_num_threads  # which vLLM's CPU worker replaces by a warning, for the whole process
        self._llm = vllm.LLM(**own | self.options)
        torch.set_num_threads = set_num_threads

    def _forget(self) -> None:
        """Drop what was computed with the old weights."""
        if not self._llm.reset_prefix_cache():
            raise RuntimeError("vLLM kept its prefix cache: requests are still running")
        self._llm.reset_mm_cache()
        self._llm.llm_engine.engine_core.reset_encoder_cache()

    def _sleep(self) -> None:
        if self.sleep_level and self._llm is not None and not self._asleep:
            self._llm.sleep(level=self.sleep_level)
            self._asleep = {"weights", "kv_cache"}
            self.needs_weights = self.sleep_level == 2

    def _wake(self, part: str) -> None:
        if part in self._asleep:
            self._llm.wake_up(tags=[part])
            self._asleep.remove(part)


def launcher_variables(device: torch.device) -> dict[str, str]:
    """Return what torchrun would have set, and vLLM's external launcher reads.

    Lightning's own launcher and SLURM say less than torchrun, or under other names.
    """
    if not dist.is_initialized():
        return {}
    local = device.index if device.index is not None else int(os.environ.get("SLURM_LOCALID", dist.get_rank()))
    return {"RANK": str(dist.get_rank()), "WORLD_SIZE": str(dist.get_world_size()), "LOCAL_RANK": str(local)}


@contextmanager
def apart_from_the_trainer(device: torch.device) -> Iterator[None]:
    """Compute within in the engine's own precision: not in that of the trainer's autocast, or of its default type."""
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        with torch.autocast(device.type, enabled=False):
            yield
    finally:
        torch.set_default_dtype(default)


def _request(prompt: EncodedPrompt) -> dict[str, Any]:
    request: dict[str, Any] = {"prompt_token_ids": prompt.engine_token_ids.tolist()}
    if not prompt.pictures:
        return request
    # By a name of its own, a picture is looked up and not hashed again for each answer to its prompt. Names are new at
    # each rollout: pictures of other prompts can never be taken for these.
    names = [uuid4().hex for _ in prompt.pictures]
    pictures = {"multi_modal_data": {"image": list(prompt.pictures)}, "multi_modal_uuids": {"image": names}}
    return request | pictures


def _answer(output: Any) -> Answer:
    answer = output.outputs[0]
    logprobs = [step[token].logprob for token, step in zip(answer.token_ids, answer.logprobs, strict=True)]
    return Answer(answer.token_ids, logprobs, answer.finish_reason, output.prompt_token_ids)
