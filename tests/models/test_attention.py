"""Attention over shared prompts, against one softmax over an explicit mask."""

from functools import partial

import pytest
import torch
from torch.testing import assert_close

from revisual.models.attention import AttentionInputs, PackedRow, Segment, choose_kernel
from revisual.rollout.hf.caches import SharedPromptCache

# A prompt of 3 with completions of 2 and 4, a prompt that goes on as one sequence of 5, a prompt of 2 with two of 1.
SEGMENTS = [Segment(3), Segment(2, 0), Segment(4, 0), Segment(5), Segment(2), Segment(1, 4), Segment(1, 4)]
# Of each segment: where it starts and ends, and where what it sees before itself does.
SPANS = [(0, 3, 0, 0), (3, 5, 0, 3), (5, 9, 0, 3), (9, 14, 0, 0), (14, 16, 0, 0), (16, 17, 14, 16), (17, 18, 14, 16)]
HEADS, KEY_HEADS, DIM = 4, 2, 8


def tensors(length, seed=0, rows=1):
    generator = torch.Generator().manual_seed(seed)
    shapes = [(rows, heads, length, DIM) for heads in (HEADS, KEY_HEADS, KEY_HEADS)]
    return [torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True) for shape in shapes]


def by_mask(query, key, value, mask, scaling):
    """Softmax over all positions that `mask` [L, S] allows; key heads repeated one by one."""
    key, value = (torch.stack([x[:, h // 2] for h in range(HEADS)], 1) for x in (key, value))
    scores = (query @ key.transpose(-1, -2) * scaling).masked_fill(~mask, -torch.inf)
    return scores.softmax(-1) @ value


def visible():
    mask = torch.zeros(18, 18, dtype=torch.bool)
    for start, end, prefix_start, prefix_end in SPANS:
        for i in range(start, end):
            for j in [*range(prefix_start, prefix_end), *range(start, i + 1)]:
                mask[i, j] = True
    return mask


def test_packed_rows_see_their_prompt_and_themselves():
    query, key, value = tensors(18)
    ours = PackedRow(SEGMENTS).attend(0, AttentionInputs(query, key, value, 0.3), partial(choose_kernel, "auto"))
    plain = by_mask(query, key, value, visible(), 0.3)
    assert_close(ours, plain)
    direction = torch.randn(ours.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for ours_grad, grad in zip(
        torch.autograd.grad(ours, [query, key, value], direction),
        torch.autograd.grad(plain, [query, key, value], direction),
        strict=True,
    ):
        assert_close(ours_grad, grad)


def test_what_a_kernel_for_sequences_is_told():
    row = PackedRow(SEGMENTS)
    assert row.query_ends.tolist() == [0, 3, 5, 9, 14, 16, 17, 18]
    assert row.key_ends.tolist() == [0, 3, 8, 15, 20, 22, 25, 28]
    mask, queries, keys = visible(), row.query_ends.tolist(), row.key_ends.tolist()
    for k in range(len(SEGMENTS)):
        seen = row.seen[keys[k] : keys[k + 1]].tolist()
        length = queries[k + 1] - queries[k]
        for q in range(length):  # causal, aligned to the last key
            expected = set(torch.nonzero(mask[queries[k] + q])[:, 0].tolist())
            assert set(seen[: len(seen) - length + q + 1]) == expected


@pytest.mark.parametrize("answers", [1, 3])
def test_answers_read_their_prompts_cache(answers):
    prompts, width, steps = 2, 4, 3

    prompt_key, prompt_value = (x.detach() for x in tensors(width, seed=5, rows=prompts)[1:])
    mask = torch.tensor([[False, True, True, True], [True, True, True, True]])
    cache = SharedPromptCache([(prompt_key, prompt_value)], mask)
    query, key, value = (x.detach() for x in tensors(steps, seed=6, rows=prompts * answers))
    for t in range(steps):
        step = slice(t, t + 1)
        keys, values = cache.update(key[:, :, step], value[:, :, step], 0)
        ours = cache.attend(0, AttentionInputs(query[:, :, step], keys, values, 0.3))
        cache.advance()
        for row in range(prompts * answers):
            p = row // answers
            whole = [
                torch.cat([a[p], b[row][:, : t + 1]], 1)[None] for a, b in ((prompt_key, key), (prompt_value, value))
            ]
            allowed = torch.cat([mask[p], torch.ones(t + 1, dtype=torch.bool)])
            assert_close(ours[row][None], by_mask(query[row][None, :, step], *whole, allowed, 0.3))
