"""Operations counted from a forward's inputs beside those that torch's own counter sees it do."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from revisual.models.flops import PEAKS, card_peak, count_work
from revisual.models.inputs import PromptedRows, packed_inputs, padded_inputs
from revisual.models.logprobs import token_logprobs
from revisual.models.lora import LoRA
from revisual.models.policy import PretrainedPolicy


def completions(lengths):
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return torch.full(mask.shape, 40).masked_fill(~mask, 0), mask


def counted(policy, inputs, token_ids, mask):
    """What torch counts, of what it knows; it takes attention for one without a mask, over all that there is."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        token_logprobs(policy, inputs, token_ids, mask)
    by_kind = counter.get_flop_counts()["Global"]
    attended = sum(n for op, n in by_kind.items() if "attention" in str(op) or "bmm" in str(op))
    return counter.get_total_flops() - attended, attended


def attention_flops(policy, pairs):
    text = policy.config.get_text_config()
    return 4 * pairs * text.num_hidden_layers * text.hidden_size


def test_products_of_text_are_those_that_torch_counts(policy, encoder, mixed_prompts):
    text = [mixed_prompts[1], mixed_prompts[3]]
    token_ids, mask = completions([5, 3, 4])
    index = torch.tensor([0, 0, 1])
    inputs = packed_inputs(policy, PromptedRows(text, index, encoder.vision_inputs, 0, token_ids, mask))
    products, _ = counted(policy, inputs, token_ids, mask)
    p, q = (len(prompt.token_ids) for prompt in text)
    row = torch.zeros(p + 4 + 2 + q + 3, p + 4 + 2 + q + 3)  # who sees whom, one by one
    for start, end, prefix in ((0, p, 0), (p, p + 4, p), (p + 4, p + 6, p), (p + 6, p + 9 + q, 0)):
        row[start:end, start:end] = torch.ones(end - start, end - start).tril()
        row[start:end, :prefix] = 1
    assert count_work(policy, inputs).forward == products + attention_flops(policy, int(row.sum()))


def test_pictures_are_within_what_torch_counts(policy, encoder, mixed_prompts):
    """A picture of one window, which is then the whole: all layers of the tower see the same."""
    prompt = mixed_prompts[4]
    token_ids, mask = completions([1])
    index = torch.tensor([0])
    inputs = packed_inputs(policy, PromptedRows([prompt], index, encoder.vision_inputs, 0, token_ids, mask))
    products, _ = counted(policy, inputs, token_ids, mask)
    tokens, patches = len(prompt.token_ids), int(inputs.arguments["pixel_values"].shape[0])
    tower = policy.base_model.visual
    seen = 4 * patches**2 * len(tower.blocks) * tower.config.hidden_size
    text = attention_flops(policy, tokens * (tokens + 1) // 2)
    assert patches == 4 and count_work(policy, inputs).forward == products + text + seen


def test_padding_counts_nothing(policy, encoder, mixed_prompts):
    token_ids, mask = completions([6, 1])
    rows = PromptedRows(mixed_prompts, torch.tensor([1, 3]), encoder.vision_inputs, 0, token_ids, mask)
    packed, padded = packed_inputs(policy, rows), padded_inputs(policy, rows)
    # A padded row also reads its last token, from which nothing is predicted.
    text = policy.config.get_text_config()
    linears = (m for m in policy.base_model.get_decoder().modules() if isinstance(m, torch.nn.Linear))
    matrices = sum(m.weight.numel() for m in linears)
    last = [len(mixed_prompts[p].token_ids) + n for p, n in ((1, 6), (3, 1))]
    more = 2 * matrices * 2 + 4 * sum(last) * text.num_hidden_layers * text.hidden_size
    assert count_work(policy, padded).tokens == count_work(policy, packed).tokens + 2 == sum(last)
    assert count_work(policy, padded).forward == count_work(policy, packed).forward + more


@pytest.mark.parametrize("options", [{}, {"freeze": ["vision_tower", "projector"]}, {"lora": LoRA(rank=4)}])
def test_an_update_is_what_torch_counts_forward_and_backward(policy_folder, encoder, mixed_prompts, options):
    """But for what nothing is learned from: gradients of the embeddings under adapters, and of patches."""
    loader = PretrainedPolicy(str(policy_folder), **options)
    policy = loader.load(loader.load_processor()).train()
    token_ids, mask = completions([5, 3, 4])
    index = torch.tensor([4, 4, 1])
    inputs = packed_inputs(policy, PromptedRows(mixed_prompts, index, encoder.vision_inputs, 0, token_ids, mask))
    with FlopCounterMode(display=False) as counter:
        token_logprobs(policy, inputs, token_ids, mask).logprobs.sum().backward()
    wanted = sum(n for op, n in counter.get_flop_counts()["Global"].items() if "attention" not in str(op))
    tower, row, found = policy.base_model.visual, inputs.arguments["layout"], count_work(policy, inputs)
    pairs = sum(n * (n + 1) // 2 + row.prefix_length(s) * n for s, n in zip(row.segments, row.lengths, strict=True))
    wanted += 3 * attention_flops(policy, pairs)
    seen = 4 * 4**2 * len(tower.blocks) * tower.config.hidden_size
    if any(parameter.requires_grad for parameter in tower.parameters()):
        wanted += 3 * seen + 2 * 4 * tower.patch_embed.proj.weight.numel()
    else:
        wanted += seen
    if "lora" in options:
        first = policy.base_model.get_decoder().layers[0].self_attn
        unlearned = [m for x in (first.q_proj, first.k_proj, first.v_proj) for m in (x.base_layer, x.lora_A["default"])]
        wanted += 2 * found.tokens * sum(module.weight.numel() for module in unlearned)
        wanted -= 2 * len(inputs.predictors) * policy.get_output_embeddings().weight.numel()  # its logits, again
    # Where the head is trained, torch counts these and not the sum of its gradient, which is made in place.
    assert found.update == wanted and found.forward < found.update <= 3 * found.forward


@pytest.mark.parametrize(
    ("card", "peak"),
    [
        ("NVIDIA H200", 989.4e12),
        ("NVIDIA H100 80GB HBM3", 989.4e12),
        ("NVIDIA H100 PCIe", 756e12),
        ("NVIDIA A100-SXM4-80GB", 312e12),
        ("NVIDIA GeForce RTX 4090", 165.2e12),
        ("Tesla T4", None),
    ],
)
def test_a_card_is_known_by_its_name(card, peak):
    assert card_peak(card) == peak
    assert all(not any(a != b and a in b for b in list(PEAKS)[i + 1 :]) for i, a in enumerate(PEAKS))
