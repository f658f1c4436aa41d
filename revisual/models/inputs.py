"""Prompts and completions side by side, as a transformers model takes them: packed, or padded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from jaxtyping import Bool, Int
from torch import Tensor, nn
from torch.nn.functional import pad

from revisual.data.prompt import EncodedPrompt
from revisual.models.attention import NO_MASK, PackedRow, Segment, shares_prompts, window_arguments
from revisual.models.families import find_family

VisionInputs = Callable[[EncodedPrompt], Mapping[str, Tensor]]


@dataclass(frozen=True)
class ForwardInputs:
    """A forward's arguments, and where in its output the completions' tokens are predicted."""

    arguments: Mapping[str, Any]
    predictors: Int[Tensor, " M"]
    """For each of the M completion tokens in row order, the position in the flattened batch that predicts it."""
    unused: Mapping[str, Tensor] | None = None
    """Patches of a picture that belongs to no row: with several processes, each must use every part of the policy."""


@dataclass(frozen=True)
class PromptedRows:
    """Completions, each with one of P prompts: what a forward goes over."""

    prompts: Sequence[EncodedPrompt]
    prompt_index: Int[Tensor, " N"]
    """Each completion's prompt."""
    vision_inputs: VisionInputs
    """Gives the patches of a prompt's pictures."""
    pad_id: int
    token_ids: Int[Tensor, "N T"]
    """Completions, padded on the right."""
    completion_mask: Bool[Tensor, "N T"]
    """Which of their tokens count."""


def forward_inputs(policy: nn.Module, rows: PromptedRows) -> ForwardInputs:
    """Put prompt `prompt_index[n]` and completion n together, for each n: packed where the policy can, else padded."""
    make = packed_inputs if shares_prompts(policy) else padded_inputs
    return make(policy, replace(rows, token_ids=rows.token_ids.cpu(), completion_mask=rows.completion_mask.cpu()))


def packed_inputs(policy: Any, rows: PromptedRows) -> ForwardInputs:
    """Pack one row of L tokens: each prompt once, and behind it the completions that share it.

    A completion's last token is left out: nothing is predicted from it. The only completion of a prompt goes on where
    the prompt ends, as one sequence; of several, each is a segment that sees the prompt and itself.
    """
    device, row, family = policy.device, _Row(), find_family(policy.config)
    prompts, owners = rows.prompts, rows.prompt_index.tolist()
    completions = [ids[mask] for ids, mask in zip(rows.token_ids, rows.completion_mask, strict=True)]
    groups = {p: [n for n, owner in enumerate(owners) if owner == p] for p in sorted(set(owners))}
    patches = {p: rows.vision_inputs(prompts[p]) for p in groups}
    predictors: dict[int, Int[Tensor, " C"]] = {}
    for p, members in groups.items():
        positions = prompt_positions(policy, prompts[p], patches[p])
        end = row.add(prompts[p].token_ids, prompts[p].mm_token_type_ids, positions)
        following, prefix = positions.max() + 1, len(row.segments)
        if len(members) > 1:
            row.segments.append(Segment(len(prompts[p].token_ids)))
        for n in members:
            shown = completions[n][:-1]
            numbers = (following + torch.arange(len(shown))).expand(*positions.shape[:-1], -1)
            last = row.add(shown, torch.zeros_like(shown), numbers)
            predictors[n] = torch.tensor([end - 1, *range(last - len(shown), last)])[: len(completions[n])]
            if len(members) == 1:
                row.segments.append(Segment(len(prompts[p].token_ids) + len(shown)))
            elif len(shown):
                row.segments.append(Segment(len(shown), prefix))
    arguments: dict[str, Any] = {
        "input_ids": torch.cat(row.ids)[None].to(device),
        **({family.token_types: torch.cat(row.types)[None].to(device)} if family.token_types else {}),
        "position_ids": torch.cat(row.positions, -1).unsqueeze(-2).to(device),
        "attention_mask": NO_MASK,
        "layout": PackedRow(row.segments),
        **vision_arguments(policy, list(patches.values())),
    }
    return ForwardInputs(arguments, torch.cat([predictors[n] for n in range(len(owners))]).to(device))


@dataclass
class _Row:
    """A packed row in the making."""

    ids: list[Int[Tensor, " S"]] = field(default_factory=list)
    types: list[Int[Tensor, " S"]] = field(default_factory=list)
    positions: list[Int[Tensor, "*axes S"]] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    length: int = 0

    def add(self, ids: Int[Tensor, " S"], types: Int[Tensor, " S"], positions: Int[Tensor, "*axes S"]) -> int:
        """Append tokens, and return where they end."""
        self.ids.append(ids)
        self.types.append(types)
        self.positions.append(positions)
        self.length += len(ids)
        return self.length


def padded_inputs(policy: Any, rows: PromptedRows) -> ForwardInputs:
    """Pad prompts on the left, to P tokens, and completions on the right: row n holds `prompt_index[n]` and its own.

    For models whose attention takes no layout, and what packed rows are measured against: pictures and prompts are
    computed once per completion.
    """
    arguments = padded_prompts(policy, rows.prompts, rows.prompt_index, rows.vision_inputs, rows.pad_id)
    width, length = arguments["input_ids"].shape[1], rows.completion_mask.shape[1]
    mask = rows.completion_mask.to(policy.device)
    completions = rows.token_ids.to(policy.device).masked_fill(~mask, rows.pad_id)
    arguments["input_ids"] = torch.cat([arguments["input_ids"], completions], 1)
    if (types := find_family(policy.config).token_types) is not None:
        arguments[types] = pad(arguments[types], (0, length))
    arguments["attention_mask"] = torch.cat([arguments["attention_mask"], mask.to(arguments["attention_mask"])], 1)
    arguments["position_ids"] = padded_positions(policy, arguments)
    row, column = torch.nonzero(mask, as_tuple=True)
    return ForwardInputs(arguments, row * (width + length) + width + column - 1)


def padded_prompts(
    policy: Any,
    prompts: Sequence[EncodedPrompt],
    prompt_index: Int[Tensor, " N"],
    vision_inputs: VisionInputs,
    pad_id: int,
) -> dict[str, Any]:
    """Return `input_ids`, `attention_mask` and types of tokens [N, P], padded on the left, and the pictures."""
    device, name = policy.device, find_family(policy.config).token_types
    rows = prompt_index.tolist()
    width = max(len(prompts[i].token_ids) for i in rows)
    empty = [width - len(prompts[i].token_ids) for i in rows]
    ids = [pad(prompts[i].token_ids, (n, 0), value=pad_id) for i, n in zip(rows, empty, strict=True)]
    types = [pad(prompts[i].mm_token_type_ids, (n, 0)) for i, n in zip(rows, empty, strict=True)]
    mask = [pad(torch.ones_like(prompts[i].token_ids), (n, 0)) for i, n in zip(rows, empty, strict=True)]
    patches = {i: vision_inputs(prompts[i]) for i in sorted(set(rows))}
    return {
        "input_ids": torch.stack(ids).to(device),
        "attention_mask": torch.stack(mask).to(device),
        **({name: torch.stack(types).to(device)} if name else {}),
        **vision_arguments(policy, [patches[i] for i in rows]),
    }


def padded_positions(policy: Any, prompts: Mapping[str, Tensor]) -> Int[Tensor, "*axes P S"]:
    """Return positions of padded rows' tokens, along as many axes as the policy has."""
    return find_family(policy.config).number_tokens(policy, prompts)


def prompt_positions(policy: Any, prompt: EncodedPrompt, patches: Mapping[str, Tensor]) -> Int[Tensor, "*axes P"]:
    """Return positions of a prompt's tokens, along as many axes as the policy has."""
    given = {
        "input_ids": prompt.token_ids[None],
        "mm_token_type_ids": prompt.mm_token_type_ids[None],
        "attention_mask": torch.ones_like(prompt.token_ids)[None],
        **patches,
    }
    return padded_positions(policy, given).squeeze(-2)


def answer_positions(policy: Any, places: Int[Tensor, " N"]) -> Int[Tensor, "*axes N 1"]:
    """Return positions of N answers' next tokens, which stand at `places` along each axis."""
    axes = find_family(policy.config).axes(policy)
    return (places.expand(axes, -1) if axes else places)[..., None]


def vision_arguments(policy: Any, patches: Sequence[Mapping[str, Tensor]]) -> dict[str, Any]:
    """Return the pictures of several prompts as one forward takes them; nothing without pictures."""
    names = sorted({name for each in patches for name in each})
    together = {name: cat_padded([each[name] for each in patches if name in each]) for name in names}
    tower = find_family(policy.config).windowed_tower(policy)
    lengths = window_arguments(tower, policy.device, together.get("image_grid_thw"))
    return {name: tensor.to(policy.device) for name, tensor in together.items()} | dict(lengths)


def cat_padded(tensors: Sequence[Tensor]) -> Tensor:
    """Put tensors behind each other along their first axis; along others, zeros fill up what is shorter.

    So pictures have as many tiles as the one of most, of which models compute none that is all zeros.
    """
    most = [max(sizes) for sizes in zip(*(tensor.shape[1:] for tensor in tensors), strict=True)]
    room = [[wanted - own for wanted, own in zip(most, tensor.shape[1:], strict=True)] for tensor in tensors]
    return torch.cat(
        [pad(t, [side for free in reversed(r) for side in (0, free)]) for t, r in zip(tensors, room, strict=True)]
    )
