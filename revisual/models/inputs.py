"""Prompts and completions side by side, as a transformers model takes them."""

from collections.abc import Callable, Mapping, Sequence

import torch
from jaxtyping import Bool, Int
from torch import Tensor
from torch.nn.functional import pad

from revisual.rl.batch import EncodedPrompt

VisionInputs = Callable[[EncodedPrompt], Mapping[str, Tensor]]


def padded_inputs(
    prompts: Sequence[EncodedPrompt],
    prompt_index: Int[Tensor, " N"],
    vision_inputs: VisionInputs,
    pad_id: int,
    device: torch.device | str,
    token_ids: Int[Tensor, "N T"] | None = None,
    completion_mask: Bool[Tensor, "N T"] | None = None,
) -> dict[str, Tensor]:
    """Row n holds prompt `prompt_index[n]`, padded on the left to P tokens, and its completion, if any.

    Returns the forward's arguments: `input_ids`, `attention_mask` and `mm_token_type_ids` [N, P + T], and the
    pictures' patches, made once per prompt and repeated for its rows.
    """
    rows = prompt_index.tolist()
    width = max(len(prompts[i].token_ids) for i in rows)
    empty = [width - len(prompts[i].token_ids) for i in rows]
    ids = torch.stack([pad(prompts[i].token_ids, (n, 0), value=pad_id) for i, n in zip(rows, empty, strict=True)])
    types = torch.stack([pad(prompts[i].mm_token_type_ids, (n, 0)) for i, n in zip(rows, empty, strict=True)])
    mask = torch.stack([pad(torch.ones_like(prompts[i].token_ids), (n, 0)) for i, n in zip(rows, empty, strict=True)])
    ids, types, mask = ids.to(device), types.to(device), mask.to(device)
    if token_ids is not None and completion_mask is not None:
        ids = torch.cat([ids, token_ids.masked_fill(~completion_mask, pad_id).to(device)], 1)
        types = pad(types, (0, token_ids.shape[1]))
        mask = torch.cat([mask, completion_mask.to(mask)], 1)
    tensors = {"input_ids": ids, "attention_mask": mask, "mm_token_type_ids": types}
    patches = {i: vision_inputs(prompts[i]) for i in sorted(set(rows))}
    for name in sorted({name for each in patches.values() for name in each}):
        tensors[name] = torch.cat([patches[i][name] for i in rows if name in patches[i]]).to(device)
    return tensors
