"""Room in the embedding table for added tokens."""

from typing import Any

import torch
from torch import Tensor

from revisual.models.sharding import open_for_writing


@torch.no_grad()
def grow_embeddings(policy: Any, needed: int) -> int:
    """Grow the embedding (and the head, tied or not) to `needed` rows if it has fewer; it never shrinks.

    Qwen2.5-VL's table is longer than its tokenizer, so that most added tokens find a row that is there. New rows
    start from the mean of the old ones. Returns the number of rows.
    """
    old = int(policy.get_input_embeddings().num_embeddings)
    if needed <= old:
        return old
    policy.resize_token_embeddings(needed, mean_resizing=False)
    tables: list[Tensor] = [policy.get_input_embeddings().weight]
    head = policy.get_output_embeddings()
    if head is not None and head.weight is not tables[0]:
        tables.append(head.weight)
    if getattr(policy.config.get_text_config(), "hidden_size_per_layer_input", 0):  # a table for the layers, of Gemma
        tables.append(policy.get_per_layer_input_embeddings().weight)
    with open_for_writing(tables):
        for table in tables:
            if len(table):  # on the process that writes
                table[old:] = table[:old].mean(0)
    return needed
