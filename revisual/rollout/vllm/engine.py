"""Rollouts by vLLM in the trainer's own process."""

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import torch
import torch.distributed as dist
from lightning.pytorch.utilities.seed import isolate_rng
from torch import Tensor, nn

from revisual.core.errors import UserError
from revisual.data.encoding import PromptEncoder
from revisual.data.prompt import EncodedPrompt
from revisual.rollout.engine import Completions, RolloutEngine, Sampling
from revisual.rollout.vllm.answers import Answer, asking, require_same_prompts
from revisual.rollout.vllm.start import BLANK, register_blank_loader, require_vllm, save_without_weights
from revisual.rollout.vllm.weights import require_loaded, require_names, weight_names

ENVIRONMENT = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # within one process, weights are handed over in memory
    "VLLM_LOGGING_LEVEL": "WARNING",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",  # else the trainer's threads are bound to a core, too
    "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB; on a CPU there are tiny policies only
}
"""What vLLM reads before it starts, where it is not set otherwise."""

RECEIVER = "revisual.rollout.vllm.worker.WeightReceiver"


class VLLMRollout(RolloutEngine):
    """An engine of vLLM's on each process, beside the policy on the same device.

    It starts without weights, at the first `load_weights`; so a sharded policy never has to be written out whole.

    Args:
        max_model_len: tokens of a prompt and its answer together, where the policy allows so many.
        max_pictures: of one prompt.
        gpu_memory_utilization: the share of the device's memory that the engine may take while it is awake.
        dtype: what it computes in; auto: bfloat16 on a GPU, else the policy's own.
        sleep_level: what the engine gives back between rollouts on a GPU: 0 nothing, 1 the cache, with its weights
            moved to the host, 2 its weights, too, which are then sent before each rollout. A CPU has no such levels.
        options: further arguments of `vllm.LLM`.

    Example: `VLLMRollout(max_model_len=10240, gpu_memory_utilization=0.5)`
    """

    def __init__(
        self,
        max_model_len: int = 16384,
        max_pictures: int = 8,
        gpu_memory_utilization: float = 0.4,
        dtype: Literal["auto", "bfloat16", "float32"] = "auto",
        sleep_level: Literal[0, 1, 2] = 1,
        options: dict[str, Any] | None = None,
    ) -> None:
        self.max_model_len, self.max_pictures = max_model_len, max_pictures
        self.gpu_memory_utilization, self.dtype, self.sleep_level = gpu_memory_utilization, dtype, sleep_level
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
        self._asleep: set[str] = set()

    def attach(self, policy: nn.Module, encoder: PromptEncoder) -> None:
        """Notes the policy; the engine starts when it first gets weights.

        Raises:
            UserError: vLLM is not installed.
        """
        require_vllm()
        self.policy: Any = policy
        self.encoder = encoder
        config: Any = policy.config
        most = getattr(config.get_text_config(), "max_position_embeddings", self.max_model_len)
        self.max_model_len = min(self.max_model_len, most)
        self.asking = asking(policy, encoder, self.max_model_len, self.max_pictures)
        self.names = weight_names(policy)

    def load_weights(self, weights: Iterable[tuple[str, Tensor]]) -> None:
        """Takes over full tensors under the plain model's names, those of a tied head included.

        Raises:
            UserError: not all of the policy was sent, or the engine did not get it; says which tensor.
        """
        if self._llm is None:
            with isolate_rng():  # vLLM seeds the generators of the process
                self._start()
        self._wake("weights")
        self.needs_weights = True  # until all of what follows has come to its end
        with torch.no_grad():
            report = self._llm.collective_rpc("receive_weights", kwargs={"weights": weights})[0]
        require_names(self.names, report["checksums"])
        require_loaded(report["not_loaded"])
        self._forget()
        self.checksums, self.needs_weights = report["checksums"], False

    def generate(  # noqa: D102
        self, prompts: Sequence[EncodedPrompt], sampling: Sampling, max_new_tokens: int, seeds: Sequence[int]
    ) -> Completions:
        if self.needs_weights:
            raise RuntimeError("VLLMRollout: load_weights comes before generate")
        self.asking.require_room(prompts, max_new_tokens)
        self._wake("weights")
        self._wake("kv_cache")
        sampling_params = import_module("vllm").SamplingParams
        rows = [row for prompt in map(_request, prompts) for row in [prompt] * sampling.n]
        params = [sampling_params(**self.asking.settings(sampling, max_new_tokens, seed)) for seed in seeds]
        answers = [_answer(output) for output in self._llm.generate(rows, params, use_tqdm=False)]
        require_same_prompts(prompts, answers)
        self._sleep()
        return self.asking.completions(answers, self.policy.device)

    def _start(self) -> None:
        for name, value in ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        vllm, platform = import_module("vllm"), import_module("vllm.platforms").current_platform
        self._folder = TemporaryDirectory(prefix="revisual-engine-")  # lives as long as the engine
        save_without_weights(self.policy, self.encoder.processor, Path(self._folder.name))
        register_blank_loader()
        dtype: str = self.dtype if self.dtype != "auto" else "bfloat16"
        if platform.is_cpu():
            torch._dynamo.config.disable = True  # vLLM's sampler would be compiled by g++ for half a minute
            self.sleep_level = 0
            dtype = str(self.policy.dtype).removeprefix("torch.") if self.dtype == "auto" else self.dtype
        own: dict[str, Any] = {
            "model": self._folder.name,
            "load_format": BLANK,
            "generation_config": "vllm",  # its own defaults: those of the folder may penalise or truncate
            "dtype": dtype,
            "max_model_len": self.max_model_len,
            "limit_mm_per_prompt": {"image": self.max_pictures, "video": 0},
            "gpu_memory_utilization": self.gpu_memory_utilization,
            "enable_sleep_mode": self.sleep_level > 0,
            "enforce_eager": platform.is_cpu(),
            # Where a prompt is read in parts, its request's generator is wound back, which one of a CPU cannot be.
            "enable_chunked_prefill": not platform.is_cpu(),
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
        """Drops what was computed with the old weights."""
        if not self._llm.reset_prefix_cache():
            raise RuntimeError("vLLM kept its prefix cache: requests are still running")
        self._llm.reset_mm_cache()
        self._llm.llm_engine.engine_core.reset_encoder_cache()

    def _sleep(self) -> None:
        if self.sleep_level:
            self._llm.sleep(level=self.sleep_level)
            self._asleep = {"weights", "kv_cache"}
            self.needs_weights = self.sleep_level == 2

    def _wake(self, part: str) -> None:
        if part in self._asleep:
            self._llm.wake_up(tags=[part])
            self._asleep.remove(part)


def _request(prompt: EncodedPrompt) -> dict[str, Any]:
    request: dict[str, Any] = {"prompt_token_ids": prompt.engine_token_ids.tolist()}
    return request | ({"multi_modal_data": {"image": list(prompt.pictures)}} if prompt.pictures else {})


def _answer(output: Any) -> Answer:
    answer = output.outputs[0]
    logprobs = [step[token].logprob for token, step in zip(answer.token_ids, answer.logprobs, strict=True)]
    return Answer(answer.token_ids, logprobs, answer.finish_reason, output.prompt_token_ids)
