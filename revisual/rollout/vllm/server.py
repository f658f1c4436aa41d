"""Rollouts by a vLLM server, which may run on other machines than the trainer."""

import logging
import random
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from typing_extensions import override

from revisual.client.pictures import data_url
from revisual.client.retries import Retries
from revisual.client.server import Server
from revisual.core.distributed import get_rank, is_distributed
from revisual.core.errors import UserError
from revisual.core.files import locked
from revisual.core.ranges import Count, Seconds
from revisual.data.encoding import PromptEncoder
from revisual.data.prompt import EncodedPrompt
from revisual.models.checksums import Checksums
from revisual.rollout.engine import Completions, RolloutEngine, Sampling
from revisual.rollout.http import InferenceServer, ServerGone
from revisual.rollout.requests import Answer, request_builder, require_same_prompts
from revisual.rollout.weight_sync import (
    published_weights,
    require_loaded,
    require_names,
    require_received,
    weight_names,
    write_weights,
)

T = TypeVar("T")

STARTED_WITH = (
    "VLLM_SERVER_DEV_MODE=1, --enable-scale-out, --logprobs-mode processed_logprobs and "
    "--worker-extension-cls revisual.rollout.vllm.worker.WeightReceiver"
)

TEN_MINUTES = Retries(attempts=16)
"""Half of it where the jitter is small."""

_log = logging.getLogger(__name__)


ENDS = ("stop", "length")
"""Reasons for which an answer ends; for any other, the server gave it up."""


class VLLMServerRollout(RolloutEngine):
    """A server that answers the prompts of all ranks, and gets the weights of rank 0 through a folder both can read.

    A step whose server goes away is done again when it is back: it gets its weights and all of the step's prompts.

    Args:
        url: without a path.
        folder: this run's own, where weights are written for the server to read; null: a temporary one, for a server
            on this machine.
        key_env: the environment variable with the server's key; where it is not set, none is sent.
        concurrency: requests at once, of each rank.
        timeout_seconds: how long the server may take for an answer.
        retries: when a step is tried again; null: for about ten minutes.

    Example: `VLLMServerRollout("http://127.0.0.1:8000", folder="/shared/weights")`
    """

    runs_concurrently = True

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        folder: str | None = None,
        key_env: str = "VLLM_API_KEY",
        concurrency: Count = 256,
        timeout_seconds: Seconds = 3600.0,
        retries: Retries | None = None,
    ) -> None:
        self.server = InferenceServer(Server(url, "", key_env, concurrency, timeout_seconds))
        self.url, self.folder, self.retries = url, folder, retries or TEN_MINUTES
        self.checksums: Checksums = {}
        """Of the weights that were sent last."""
        self.needs_weights = True
        """Whether `load_weights` must come before the next `generate`."""
        self._version, self._sent = "", Path()
        self._temporary: TemporaryDirectory[str] | None = None

    @override
    def attach(self, policy: nn.Module, encoder: PromptEncoder) -> None:
        self.policy = policy
        self.encoder = encoder
        self.names = weight_names(policy)

    @override
    def weight_dtype(self) -> torch.dtype:
        """Return what the server computes in, as it says: it would round anything wider when it has read it."""
        said = _from_first_rank(lambda: self._persist("answer", self._state)["dtype"])
        return getattr(torch, said)

    @override
    def load_weights(self, weights: Iterable[tuple[str, Tensor]]) -> None:
        """Take over full tensors under the plain model's names, those of a tied head included.

        Every rank calls it, with weights that it may have to gather; those of rank 0 count.

        Raises:
            UserError: not all of the policy was sent, or the server did not get it, on any rank.
        """
        if get_rank() > 0:
            deque(weights, maxlen=0)
        self.needs_weights = True  # until all of what follows has come to its end
        self._sent, self.checksums = _from_first_rank(lambda: self._send(published_weights(self.policy, weights)))
        self._version, self.needs_weights = _version(self.checksums), False

    @override
    def generate(
        self, prompts: Sequence[EncodedPrompt], sampling: Sampling, max_new_tokens: int, seeds: Sequence[int]
    ) -> Completions:
        if self.needs_weights:
            raise RuntimeError("VLLMServerRollout: load_weights comes before generate")
        return self._persist("rollouts", lambda: self._roll_out(prompts, sampling, max_new_tokens, seeds))

    def _roll_out(
        self, prompts: Sequence[EncodedPrompt], sampling: Sampling, max_new_tokens: int, seeds: Sequence[int]
    ) -> Completions:
        state = self._state()
        if state["version"] != self._version:  # it was started again, or serves another run, too
            state = self._push_once()
        ask = request_builder(self.policy, self.encoder, state["max_model_len"])
        ask.require_room(prompts, max_new_tokens)
        contents = [content for content in map(_content, prompts) for _ in range(sampling.n)]
        bodies = [
            {**content, "sampling_params": ask.settings(sampling, max_new_tokens, seed), "return_token_ids": True}
            for content, seed in zip(contents, seeds, strict=True)
        ]
        answers = [_answer(reply) for reply in self.server.call_all("POST", "/inference/v1/generate", bodies)]
        if self._state() != state:  # some answers may be those of other weights
            raise ServerGone("it was started again, or got other weights, during the rollout")
        require_same_prompts(prompts, answers)
        return ask.completions(answers, self.policy.device)

    def _send(self, weights: Iterable[tuple[str, Tensor]]) -> tuple[Path, Checksums]:
        """Write the weights beside those that the server has, send them, and remove the others."""
        folder = self._home() / f"weights-{time.time_ns()}"
        try:
            checksums = write_weights(weights, folder)
        finally:  # where it fails, too, as the other ranks have their part in gathering the rest
            deque(weights, maxlen=0)
        require_names(self.names, checksums)
        self._persist("new weights", lambda: self._push(folder, checksums))
        for old in folder.parent.glob("weights-*"):
            if old != folder:
                shutil.rmtree(old, ignore_errors=True)
        return folder, checksums

    def _home(self) -> Path:
        if self.folder is not None:
            return Path(self.folder).absolute()
        self._temporary = self._temporary or TemporaryDirectory(prefix="revisual-")
        return Path(self._temporary.name)

    def _push(self, folder: Path, checksums: Checksums) -> None:
        arguments = {"folder": str(folder), "version": _version(checksums)}
        for report in self._rpc("receive_weights", arguments):
            require_received(checksums, report["checksums"])
            require_loaded(report["not_loaded"])
        if not self.server.call("POST", "/reset_prefix_cache")["success"]:
            raise ServerGone("it kept its prefix cache: requests are still running")
        self.server.call("POST", "/reset_mm_cache")
        self.server.call("POST", "/reset_encoder_cache")

    def _push_once(self) -> Mapping[str, Any]:
        """Send the weights again, unless another rank has while this one waited for its turn."""
        with locked(self._sent.parent / "push.lock"):
            state = self._state()
            if state["version"] == self._version:
                return state
            self._push(self._sent, self.checksums)
            return self._state()

    def _state(self) -> Mapping[str, Any]:
        """Return what the server's workers say of themselves; the first speaks for all that agree."""
        states = self._rpc("rollout_state", {})
        if states[0]["logprobs_mode"] != "processed_logprobs":
            raise UserError(f"{self.url}: start the server with {STARTED_WITH}")
        versions = {state["version"] for state in states}
        return {**states[0], "version": versions.pop() if len(versions) == 1 else "", "process": str(states)}

    def _rpc(self, method: str, arguments: Mapping[str, str]) -> list[dict[str, Any]]:
        try:
            reply = self.server.call("POST", "/collective_rpc", {"method": method, "kwargs": arguments})
        except UserError as error:
            raise UserError(f"{error}; is it started with {STARTED_WITH}?") from error
        except ServerGone as error:
            if "HTTP 500" in str(error):  # what a worker without the method comes to, and some servers do not say so
                self.server.call("GET", "/health")
                raise UserError(f"{self.url}: {error}; start the server with {STARTED_WITH}") from error
            raise
        return reply["results"]

    def _persist(self, what: str, action: Callable[[], T]) -> T:
        for attempt in range(1, self.retries.attempts + 1):
            try:
                return action()
            except ServerGone as error:
                if attempt == self.retries.attempts:
                    raise UserError(
                        f"{self.url}: no {what} after {attempt} attempts: {error}; start the server and resume the run"
                    ) from error
                delay = self.retries.delay(attempt, random.Random().random())
                _log.warning("%s: no %s: %s; attempt %d in %.0f s", self.url, what, error, attempt + 1, delay)
                time.sleep(delay)
        raise AssertionError("there is at least one attempt")


def _version(checksums: Checksums) -> str:
    return sha256(repr(sorted(checksums.items())).encode()).hexdigest()[:16]


def _content(prompt: EncodedPrompt) -> dict[str, Any]:
    """Return the fields of a request that are the prompt's."""
    parts = [{"type": "image_url", "url": data_url(picture)} for picture in prompt.pictures]
    return {"token_ids": prompt.engine_token_ids.tolist()} | ({"content_parts": parts} if parts else {})


def _answer(reply: Any) -> Answer:
    try:
        choice = reply["choices"][0]
        reason, token_ids, prompt = choice["finish_reason"], choice["token_ids"], reply["prompt_token_ids"]
        logprobs = [step["logprob"] for step in choice["logprobs"]["content"]] if reason in ENDS else []
    except (KeyError, IndexError, TypeError) as error:
        raise ServerGone(f"an answer lacks {error}") from error
    if reason not in ENDS:
        raise ServerGone(f"an answer ended with {reason!r}")
    return Answer(token_ids, logprobs, reason, prompt)


def _from_first_rank(action: Callable[[], T]) -> T:
    """Return on every rank what `action` gives on rank 0; or raise its error, so that no rank waits for ever."""
    if not is_distributed():
        return action()
    outcome: list[Any] = [None, None]
    if get_rank() == 0:
        try:
            outcome[0] = action()
        except UserError as error:
            outcome[1] = str(error)
    dist.broadcast_object_list(outcome, src=0)
    if outcome[1] is not None:
        raise UserError(outcome[1])
    return outcome[0]
