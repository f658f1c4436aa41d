"""The parts of a training step, run on shapes alone: how much memory each holds at its fullest."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.functional import pad

from revisual.memory_plan.live import LiveMemory, Peak
from revisual.memory_plan.shapes import LongestPrompt, kinds_of
from revisual.models.head import as_on_gpu, float32_logits
from revisual.models.inputs import PromptedRows, forward_inputs, padded_prompts
from revisual.models.logprobs import banned_token_ids, token_logprobs
from revisual.rollout.engine import Sampling
from revisual.rollout.hf.caches import BLOCK, AnswerCache, CopiedPromptCache, SharedPromptCache
from revisual.rollout.hf.decoding import Head, next_logits, prefill
from revisual.rollout.hf.sampler import next_tokens

HALF = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}
"""What autocast computes in, by the trainer's precision."""


@dataclass(frozen=True)
class Passes:
    """A policy without data, the prompt that it reads, the trainer's precision, and the memory of the GPU, if any."""

    policy: Any
    shapes: FakeTensorMode
    longest: LongestPrompt
    precision: str
    pad_id: int
    gpu_memory: int | None = None

    def training(
        self,
        rows: Sequence[int],
        response_tokens: int,
        *,
        accumulates: bool,
        temperature: float = 1.0,
        entropy_gradient: bool = False,
    ) -> Peak:
        """Measure a pass over one micro-batch, forward and backward: `rows` completions of each of its prompts.

        Lightning frees the gradients of the step before when the first forward of the next one is done, unless the
        pass `accumulates`.
        """
        memory, trained = self._memory(), [p for p in self.policy.parameters() if p.requires_grad]
        self.policy.train()
        with memory:
            for parameter in trained:
                parameter.grad = torch.empty_like(parameter)
                memory.hold(parameter.grad, "gradients")
            with self._autocast(), as_on_gpu(self.gpu_memory):
                loss = self._loss(rows, response_tokens, temperature, entropy_gradient)
            for parameter in () if accumulates else trained:
                parameter.grad = None
            loss.backward()
        for parameter in trained:
            parameter.grad = None
        return memory.peak()

    def _loss(
        self, rows: Sequence[int], response_tokens: int, temperature: float, entropy_gradient: bool
    ) -> Float[Tensor, ""]:
        owners = torch.tensor([p for p, n in enumerate(rows) for _ in range(n)])
        token_ids = torch.full((len(owners), response_tokens), self.pad_id)
        mask = torch.ones_like(token_ids, dtype=torch.bool)
        prompts = [self.longest.prompt] * len(rows)
        inputs = forward_inputs(self.policy, PromptedRows(prompts, owners, self._patches, self.pad_id, token_ids, mask))
        outputs = token_logprobs(
            self.policy,
            inputs,
            token_ids,
            mask,
            temperature=temperature,
            banned=banned_token_ids(self.policy),
            entropy_gradient=entropy_gradient,
        )
        return outputs.logprobs.sum() + cast(Tensor, outputs.entropy).sum()

    def rollout(self, prompts: int, sampling: Sampling, response_tokens: int, read_at_once: int | None = None) -> Peak:
        """Return what answers to some prompts at once hold: the fuller of reading them and of the last token.

        Args:
            prompts: how many.
            sampling: `sampling.n` answers to each.
            response_tokens: of each answer.
            read_at_once: prompts that are read together; null: all. What reading holds grows linearly with them, and
                is run on one and on two; of the others, the KV cache is there.
        """
        few = [self._reading(p, sampling.n) for p in range(1, min(prompts, 2) + 1)]
        together = min(prompts, read_at_once or prompts)
        reading = few[together - 1] if together <= len(few) else _line(few[0], few[-1], together)
        if together < prompts:
            reading = _with_caches(reading, (prompts - together) * few[0].kinds.get("KV cache", 0))
        return max(reading, self._answering(prompts, sampling, response_tokens), key=lambda peak: peak.total)

    @torch.no_grad()
    def _reading(self, prompts: int, n: int) -> Peak:
        memory, owners = self._memory(), torch.zeros(prompts, dtype=torch.long)
        self.policy.eval()
        with memory, self._autocast():
            inputs = padded_prompts(self.policy, [self.longest.prompt], owners, self._patches, self.pad_id)
            _, cache, _ = prefill(self.policy, float32_logits(self.policy), [inputs], n)
            _count_cache(memory, cache)
        return memory.peak()

    @torch.no_grad()
    def _answering(self, prompts: int, sampling: Sampling, response_tokens: int) -> Peak:
        """Measure generation. Prompts have no pictures here: their keys and values are like those of any token."""
        size = (prompts, len(self.longest.prompt.token_ids))
        memory = self._memory()
        self.policy.eval()
        with memory, self._autocast():
            inputs = {"input_ids": torch.full(size, self.pad_id), "attention_mask": torch.ones(size, dtype=torch.long)}
            inputs["mm_token_type_ids"] = torch.zeros_like(inputs["input_ids"])
            head = float32_logits(self.policy)
            logits, cache, places = prefill(self.policy, head, [inputs], sampling.n)
            self._next(head, logits, cache, places, sampling)
            _lengthen(cache, prompts * sampling.n, response_tokens)
            _count_cache(memory, cache)
            memory.restart()
            self._next(head, logits, cache, places, sampling)
            _count_cache(memory, cache)
        return memory.peak()

    def _next(self, head: Head, logits: Tensor, cache: AnswerCache, places: Tensor, sampling: Sampling) -> None:
        """Go on as `decode` does."""
        uniforms = torch.full((len(logits),), 0.5, dtype=torch.float64)
        tokens, _ = next_tokens(logits, sampling, banned_token_ids(self.policy), uniforms)
        next_logits(self.policy, head, tokens, places, cache)

    def _memory(self) -> LiveMemory:
        memory = LiveMemory(self.shapes, kinds_of(self.policy))
        for tensor in (*self.policy.parameters(), *self.policy.buffers()):
            memory.hold(tensor, "weights")
        return memory

    def _patches(self, _: Any) -> Any:
        return self.longest.patches

    def _autocast(self) -> torch.autocast:
        return torch.autocast("cpu", HALF.get(self.precision, torch.bfloat16), enabled=self.precision in HALF)


def optimizer_step(
    factory: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
    parameters: Iterable[Tensor],
    shapes: FakeTensorMode,
    dtype: torch.dtype | None,
    *,
    at_once: bool,
) -> Peak:
    """Measure an optimizer's second step on parameters like these, in `dtype`.

    Args:
        factory: makes the optimizer of its parameters.
        parameters: have the shapes of those to measure.
        shapes: the mode in which tensors have no data.
        dtype: of the parameters that are made; their own if None.
        at_once: on all parameters together, as torch does on a GPU, and not one by one.
    """
    memory = LiveMemory(shapes, lambda _: "working")
    with memory, shapes:
        made = [nn.Parameter(torch.empty(p.shape, dtype=dtype or p.dtype, device="cpu")) for p in parameters]
        for parameter in made:
            parameter.grad = torch.empty_like(parameter)
            memory.hold(parameter, "weights")
            memory.hold(parameter.grad, "gradients")
    optimizer = factory(made)
    for group in optimizer.param_groups:
        if at_once and "foreach" in group and group["foreach"] is None and not group.get("fused"):
            group["foreach"] = True
    with memory:
        optimizer.step()
        for tensor in [x for state in optimizer.state.values() for x in state.values() if isinstance(x, Tensor)]:
            memory.hold(tensor, "optimizer")
        memory.restart()
        optimizer.step()
    return memory.peak()


def _line(one: Peak, two: Peak, at: int) -> Peak:
    """Extrapolate a peak that grows linearly to `at`, from what it is at 1 and 2."""

    def extend(first: int, second: int) -> int:
        return first + (at - 1) * (second - first)

    def extend_all(first: Mapping[str, int], second: Mapping[str, int]) -> dict[str, int]:
        return {kind: extend(first.get(kind, 0), second.get(kind, 0)) for kind in {**first, **second}}

    return Peak(
        extend_all(one.kinds, two.kinds),
        extend_all(one.largest, two.largest),
        extend(one.passing, two.passing),
        extend_all(one.large, two.large),
        extend_all(one.small, two.small),
    )


def _with_caches(peak: Peak, more: int) -> Peak:
    """Return a peak with `more` bytes of KV cache beside it."""

    def add(held: Mapping[str, int]) -> dict[str, int]:
        return {**held, "KV cache": held.get("KV cache", 0) + more}

    return replace(peak, kinds=add(peak.kinds), largest=add(peak.largest), large=add(peak.large))


def _count_cache(memory: LiveMemory, cache: AnswerCache) -> None:
    if isinstance(cache, SharedPromptCache):
        held = [tensor for pair in (*cache.prompts, *cache.answers) for tensor in pair]
    else:
        layers: list[Any] = cast(CopiedPromptCache, cache).cache.layers
        held = [tensor for layer in layers for tensor in _tensors_of(layer)]
    for tensor in held:
        memory.hold(tensor, "KV cache")


def _tensors_of(layer: Any) -> list[Tensor]:
    """Return a layer's keys and values, or the states that it keeps in their place."""
    if hasattr(layer, "keys"):
        return [layer.keys, layer.values]
    return [state for states in (layer.conv_states, layer.recurrent_states) for state in states.values()]


def _lengthen(cache: AnswerCache, rows: int, tokens: int) -> None:
    """Go on to where all answers but for their last token are there."""

    def room(like: Float[Tensor, "B H L D"], length: int) -> Float[Tensor, "N H M D"]:
        return torch.empty_like(like[:1, :, :1]).expand(rows, -1, length, -1).contiguous()

    if isinstance(cache, SharedPromptCache):
        length = -(-tokens // BLOCK) * BLOCK
        cache.answers = [(room(keys, length), room(values, length)) for keys, values in cache.answers]
        cache.length = tokens - 1
        return
    copied, more = cast(CopiedPromptCache, cache), max(0, tokens - 2)
    layers: list[Any] = copied.cache.layers
    for layer in layers:
        if not hasattr(layer, "keys"):
            continue
        layer.keys, layer.values = (torch.cat([x, room(x, more)], 2) for x in (layer.keys, layer.values))
    copied.mask = pad(copied.mask, (0, more), value=1)
