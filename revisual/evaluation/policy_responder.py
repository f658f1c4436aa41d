"""Answers by a model in this process: a Hugging Face folder and the project's own engine."""

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import torch
from typing_extensions import override

from revisual.client.ask import failure
from revisual.client.journal import Journal, Record, Records
from revisual.client.request import ChatRequest, Decoding
from revisual.core.errors import UserError
from revisual.core.manifest import MANIFEST, hashes
from revisual.data.encoding import PromptEncoder
from revisual.data.prompting import read_prompting
from revisual.data.sample import Sample
from revisual.evaluation.responder import Responder
from revisual.models.policy import PretrainedPolicy
from revisual.rollout.engine import RolloutEngine, Sampling, draw_completions
from revisual.rollout.hf.engine import HFRollout

EngineName = Literal["auto", "transformers", "vllm"]
PROMPT_ROOM = 16384
"""Tokens of a prompt with its pictures that vLLM has room for."""
TEMPLATE = "chat_template_kwargs"
"""Of a request's further fields, that which says what a chat template is told; servers take it by the same name."""
Group = Sequence[ChatRequest]
"""Requests that differ in sample index and seed alone."""


class PolicyResponder(Responder):
    """A policy from a folder or the hub, on the first GPU if there is one.

    Example: `PolicyResponder(PretrainedPolicy("out/two_stages/02_practice/export"), Decoding(max_tokens=512))`

    Args:
        loader: where the policy is.
        decoding: how answers are drawn; what a server alone could set is refused.
        rows: answers at once.
        engine: what answers.
    """

    def __init__(
        self, loader: PretrainedPolicy, decoding: Decoding, rows: int = 32, engine: RolloutEngine | None = None
    ) -> None:
        if others := sorted(set(decoding.extra) - {TEMPLATE}):
            raise UserError(f"{others}: settings for a server; this model is run in this process")
        if rows < 1:
            raise UserError(f"rows: {rows} is less than 1")
        self.loader, self.decoding, self.rows = loader, decoding, rows
        self.engine = engine or HFRollout(max_rows=rows)
        processor = loader.load_processor()
        told = {**loader.chat_template_kwargs, **decoding.extra.get(TEMPLATE, {})}
        pictures = loader.pictures()
        self.encoder = PromptEncoder(processor, system_prompt=None, pictures=pictures, chat_template_kwargs=told)
        self.policy = loader.load(processor).eval().requires_grad_(False)
        self.engine.attach(self.policy, self.encoder)
        if isinstance(self.engine, HFRollout):
            self.policy.to(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
        else:  # an engine with weights of its own, which needs the device for itself
            self.engine.load_weights(self.policy.state_dict().items())

    @cached_property
    def identity(self) -> str:
        """The policy's name in the keys of answers; engines draw other tokens with the same seeds."""
        name = "" if isinstance(self.engine, HFRollout) else f":{type(self.engine).__name__}"
        return f"{self.loader.path}:{weights_hash(Path(self.loader.path))}{name}"

    @property
    @override
    def model(self) -> str:
        return self.loader.path

    @override
    def answers(self, requests: Iterable[ChatRequest], journal: Journal) -> Records:
        waiting: list[ChatRequest] = []
        for request in requests:
            try:
                known = journal.find(request.key(self.identity, self.decoding))
            except UserError as error:
                yield failure(request, str(error))
                continue
            if known is not None:
                yield known
                continue
            waiting.append(request)
            if len(waiting) == self.rows:
                yield from self._answer(waiting, journal)
                waiting = []
        yield from self._answer(waiting, journal)

    def _answer(self, requests: Sequence[ChatRequest], journal: Journal) -> Iterator[Record]:
        """Answer requests; those with the same prompt are sampled together, so that it is read once for all of them."""
        groups = [list(group) for _, group in groupby(requests, key=lambda request: request.id)]
        for n in sorted({len(group) for group in groups}):
            for record in self._draw([group for group in groups if len(group) == n], n):
                if record.key:
                    journal.append(record)
                yield record

    def _draw(self, groups: Sequence[Group], n: int) -> Iterator[Record]:
        prompts, drawn = [], []
        for group in groups:
            try:
                prompts.append(self.encoder.encode(sample_of(group[0])))
            except UserError as error:
                yield from (failure(request, str(error)) for request in group)
            else:
                drawn.append(group)
        if not drawn:
            return
        began, decoding = time.monotonic(), self.decoding
        sampling = Sampling(n, decoding.temperature, decoding.top_p, decoding.top_k)
        seeds = [request.seed for group in drawn for request in group]
        try:
            completions = draw_completions(self.engine, prompts, sampling, decoding.max_tokens, seeds)
        except UserError as error:  # a prompt that the engine refuses, of which the others know nothing
            if len(drawn) == 1:
                yield from (failure(request, str(error)) for request in drawn[0])
            else:
                yield from (record for group in drawn for record in self._draw([group], n))
            return
        seconds = round((time.monotonic() - began) / len(seeds), 3)
        lengths = completions.mask.sum(1).tolist()
        for row, request in enumerate(request for group in drawn for request in group):
            yield Record(
                key=request.key(self.identity, decoding),
                id=request.id,
                sample_index=request.sample_index,
                seed=request.seed,
                response=self.encoder.decode(
                    completions.token_ids[row, : lengths[row]].tolist(), prompts[row // n].opened
                ),
                finish_reason="length" if completions.truncated[row] else "stop",
                prompt_tokens=len(prompts[row // n].token_ids),
                completion_tokens=lengths[row],
                seconds=seconds,
            )


def sample_of(request: ChatRequest) -> Sample:
    """Return a request as the prompt encoder takes it: pictures' places stay in the conversation."""
    messages: list[Any] = list(request.messages)
    return Sample(request.id, messages=messages, images=request.pictures.sources)


def weights_hash(folder: Path) -> str:
    """Return a hash that tells apart policies under the same name; empty for a name of the hub."""
    if not folder.is_dir():
        return ""
    manifest = folder / MANIFEST
    found = json.loads(manifest.read_text()) if manifest.is_file() else hashes(folder)
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:16]


def load_responder(
    model: str,
    decoding: Decoding,
    rows: int,
    dtype: Literal["auto", "float32", "bfloat16"] = "auto",
    min_pixels: int | None = None,
    max_pixels: int | None = None,
    engine: EngineName = "transformers",
) -> PolicyResponder:
    """Return a policy with the settings of the command line; `auto` is bfloat16 on a GPU, else float32."""
    chosen: Literal["float32", "bfloat16"]
    chosen = ("bfloat16" if torch.cuda.is_available() else "float32") if dtype == "auto" else dtype
    known = read_prompting(model)
    told = {} if known is None else known.chat_template_kwargs
    loader = PretrainedPolicy(
        model, dtype=chosen, min_pixels=min_pixels, max_pixels=max_pixels, chat_template_kwargs=told
    )
    return PolicyResponder(loader, decoding, rows, choose_engine(engine, decoding.max_tokens, rows, chosen))


def choose_engine(name: EngineName, max_tokens: int, rows: int, dtype: Literal["float32", "bfloat16"]) -> RolloutEngine:
    """Return the engine that answers: `auto` is vLLM where it is installed and there is a GPU, else transformers.

    Raises:
        UserError: vLLM is asked for, and not installed.
    """
    is_vllm = name == "vllm" or (name == "auto" and torch.cuda.is_available() and find_spec("vllm") is not None)
    if not is_vllm:
        return HFRollout(max_rows=rows)
    # Imported here: who does not use vLLM need not load what speaks to it.
    from revisual.rollout.vllm.engine import VLLMRollout

    return VLLMRollout(
        max_model_len=PROMPT_ROOM + max_tokens,
        gpu_memory_utilization=0.9,
        dtype=dtype,
        sleep_level=0,
        options={"max_num_seqs": rows},
    )
