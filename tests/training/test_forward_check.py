"""Errors of every kind that was seen, planted in one kind of forward: the check at the start of a run finds each."""

from dataclasses import dataclass

import pytest
import torch
from models.families.helpers import tiny_folder
from transformers import Gemma4Config

from revisual.core.errors import UserError
from revisual.data.encoding import PromptEncoder
from revisual.data.picture_coding import PatchCoding, ProcessorCoding
from revisual.models import inputs, logprobs
from revisual.models.attention import PackedRow, Segment
from revisual.models.families.gemma3 import Gemma3
from revisual.models.families.gemma4 import Gemma4
from revisual.models.families.generic import Generic
from revisual.models.families.qwen2_vl import Qwen2VL
from revisual.models.families.qwen3_5 import Qwen35
from revisual.models.families.text_only import PACKED, TextOnly
from revisual.models.policy import PretrainedPolicy
from revisual.models.stock_forward import plain_attention, stock_logprobs, stock_prompt
from revisual.rollout.hf import decoding
from revisual.training.forward_check import check_forwards

from .helpers import examples, fit, grpo, prompts, sft


@pytest.fixture(autouse=True)
def nothing_passed(tmp_path, monkeypatch):
    """Errors are planted in code that a policy has passed with."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def deep_folder(tmp_path_factory):
    return tiny_folder("qwen3_vl", tmp_path_factory.mktemp("deep") / "tiny", layers=3)


def check(folder, pictures=None, **options):
    loader = PretrainedPolicy(str(folder))
    processor = loader.load_processor()
    encoder = PromptEncoder(processor, pictures=pictures or loader.pictures())
    return check_forwards(loader.load(processor), encoder, **options)


def number_flat(self, policy, given, plain=Qwen2VL.number_tokens):
    """Positions without the row of a patch's height."""
    positions = plain(self, policy, given).clone()
    positions[1] = positions[0]
    return positions


def test_a_sound_policy_passes(policy_folder):
    gaps = check(policy_folder)
    assert list(gaps) == ["padded rows", "packed rows", "own rollouts"]
    assert all(0 <= gap < 1e-5 for gap in gaps.values())
    assert list(check(policy_folder, rollouts=False)) == ["padded rows", "packed rows"]


def test_half_precision_has_bounds_of_its_own(policy_folder):
    gaps = check(policy_folder, context=lambda: torch.autocast("cpu", torch.bfloat16))
    assert max(gaps.values()) > 1e-4


def test_a_dropped_row_of_positions(policy_folder, monkeypatch):
    monkeypatch.setattr(Qwen2VL, "number_tokens", number_flat)
    with pytest.raises(UserError, match=r"^policy\.check: padded rows of qwen2_5_vl are .* off the stock forward") as e:
        check(policy_folder)
    assert "\n" not in str(e.value)


def test_rows_that_see_each_other(policy_folder, monkeypatch):
    def whole(segments):
        return PackedRow([Segment(sum(segment.length for segment in segments))])

    monkeypatch.setattr(inputs, "PackedRow", whole)
    with pytest.raises(UserError, match=r"packed rows of qwen2_5_vl .*: set policy\.packed: false$"):
        check(policy_folder)


def test_layers_that_miss_their_pictures(deep_folder):
    loader = PretrainedPolicy(str(deep_folder))
    policy = loader.load(loader.load_processor())

    def forget(module, args, kwargs):
        return args, kwargs | ({"deepstack_visual_embeds": None} if "layout" in kwargs else {})

    policy.base_model.language_model.register_forward_pre_hook(forget, with_kwargs=True)
    with pytest.raises(UserError, match="packed rows of qwen3_vl"):
        check_forwards(policy, PromptEncoder(loader.load_processor(), pictures=loader.pictures()))


def test_answers_at_wrong_places(policy_folder, monkeypatch):
    plain = decoding.answer_positions
    monkeypatch.setattr(decoding, "answer_positions", lambda policy, places: plain(policy, places + 3))
    with pytest.raises(UserError, match=r"own rollouts of qwen2_5_vl .*: set model\.engine"):
        check(policy_folder)
    check(policy_folder, rollouts=False)


@dataclass(frozen=True)
class OneMore(PatchCoding):
    def count_tokens(self, processor, sizes):
        return [count + 1 for count in super().count_tokens(processor, sizes)]


def test_pictures_counted_otherwise(policy_folder):
    with pytest.raises(UserError, match=r"a prompt of 1 pictures has \d+ tokens, and \d+ or others by the stock"):
        check(policy_folder, OneMore())


@dataclass(frozen=True)
class NoNumbers(PatchCoding):
    def process(self, processor, pictures):
        made = super().process(processor, pictures)
        return {**made, "pixel_values": made["pixel_values"] * float("nan")}


def test_log_probs_that_are_no_numbers(policy_folder):
    with pytest.raises(UserError, match=r"padded rows .* are nan nats"):
        check(policy_folder, NoNumbers())


def test_pictures_that_see_no_later_token(tmp_path, monkeypatch):
    """Gemma 3's pictures with causal attention: own rollouts and rows are wrong alike, and nothing else says so."""
    folder = tiny_folder("gemma3", tmp_path / "tiny")
    check(folder)
    monkeypatch.setattr(Gemma3, "token_types", None)
    with pytest.raises(UserError, match=r"padded rows of gemma3 .*: no setting makes it right"):
        check(folder)


GEMMA4 = {
    "pictures whose tokens see each other": {"use_bidirectional_attention": "vision"},
    "bounded logits": {"final_logit_softcapping": 2.0},
    "keys shared by layers": {"num_hidden_layers": 4, "num_kv_shared_layers": 2, "use_double_wide_mlp": True},
    "experts": {"enable_moe_block": True, "num_experts": 4, "top_k_experts": 2, "moe_intermediate_size": 32},
    "keys that are values": {"attention_k_eq_v": True, "num_global_key_value_heads": 1},
    "no table for the layers": {"hidden_size_per_layer_input": 0},
}
"""What its configs differ in, by the sizes of the model."""


def gemma4(monkeypatch, folder, options):
    def tiny_config(self, *args, plain=Gemma4.tiny_config):
        whole = plain(self, *args).to_dict()
        text = whole["text_config"] | options
        for name in ("per_layer_config", "layer_types", "rope_parameters"):
            text.pop(name)
        sizes = {"layer_types": ["sliding_attention", "full_attention"] * (text["num_hidden_layers"] // 2)}
        return Gemma4Config(**whole | {"text_config": text | sizes | {"global_head_dim": 64}})

    monkeypatch.setattr(Gemma4, "tiny_config", tiny_config)
    return tiny_folder("gemma4", folder)


@pytest.mark.parametrize(
    "kind", [kind if place < 2 else pytest.param(kind, marks=pytest.mark.slow) for place, kind in enumerate(GEMMA4)]
)
def test_gemma4_of_every_kind(tmp_path, monkeypatch, kind):
    folder = gemma4(monkeypatch, tmp_path / "tiny", GEMMA4[kind])
    assert max(check(folder).values()) < 1e-5
    if kind == "pictures whose tokens see each other":
        monkeypatch.setattr(Gemma4, "token_types", None)
        with pytest.raises(UserError, match=r"padded rows of gemma4 .*: no setting makes it right"):
            check(folder)
    if kind == "bounded logits":
        monkeypatch.setattr(logprobs, "softcap_of", lambda policy: None)
        with pytest.raises(UserError, match=r"padded rows of gemma4 .* off the stock forward"):
            check(folder)


def test_states_that_leak(tmp_path, monkeypatch):
    """Qwen3.5's rows packed, where a layer's state goes on from one into the next."""
    folder = tiny_folder("qwen3_5", tmp_path / "tiny")
    check(folder)
    monkeypatch.setattr(Qwen35, "packs", lambda *_: True)
    monkeypatch.setattr(Qwen35, "keeps_state", False)
    with pytest.raises(UserError, match=r"packed rows of qwen3_5 .*: set policy\.packed: false"):
        check(folder, rollouts=False)


@dataclass(frozen=True)
class OneTile(ProcessorCoding):
    def count_tokens(self, processor, sizes):
        return [processor.image_seq_length] * len(sizes)


def test_tiles_counted_otherwise(tmp_path):
    folder = tiny_folder("internvl", tmp_path / "tiny")
    check(folder)
    with pytest.raises(UserError, match=r"a prompt of 1 pictures has .* by the stock processor of internvl"):
        check(folder, OneTile())


@pytest.mark.parametrize("family", ["internvl", "llava_onevision", "idefics3"])
@pytest.mark.parametrize("text", PACKED)
def test_any_language_model_within(tmp_path, monkeypatch, family, text):
    """Packed rows are right for each that a family packs, as InternVL3.5 with Qwen3."""
    plain = TextOnly.tiny_config
    monkeypatch.setattr(TextOnly, "tiny_config", lambda self, sizes, _, token_id: plain(self, sizes, text, token_id))
    gaps = check(tiny_folder(family, tmp_path / "tiny"))
    assert gaps["packed rows"] < 1e-5


@pytest.mark.parametrize(("make", "data"), [(sft, examples), (grpo, prompts)])
def test_a_run_does_not_begin(policy_folder, tmp_path, monkeypatch, make, data):
    monkeypatch.setattr(Qwen2VL, "number_tokens", number_flat)
    with pytest.raises(UserError, match=r"policy\.check: padded rows"):
        fit(make(policy_folder), data(), tmp_path, 1)


def test_the_check_can_be_left_out(policy_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(Qwen2VL, "number_tokens", number_flat)
    assert fit(sft(policy_folder, {"check": False}), examples(), tmp_path, 1).watch.moved == [True]


def test_a_model_that_no_family_names_is_checked_in_any_case(policy_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(Generic, "load_processor", lambda self, path, trusts: Qwen2VL().load_processor(path, trusts))
    monkeypatch.setattr(Qwen2VL, "model_types", ("another",))
    options = {"check": False}
    assert fit(sft(policy_folder, options), examples(), tmp_path / "sound", 1).watch.moved == [True]
    monkeypatch.setattr(Generic, "number_tokens", number_flat)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another"))
    with pytest.raises(UserError, match=r"policy\.check: padded rows"):
        fit(sft(policy_folder, options), examples(), tmp_path / "faulty", 1)


def test_the_check_leaves_a_policy_as_it_was(policy_folder):
    loader = PretrainedPolicy(str(policy_folder))
    processor = loader.load_processor()
    policy = loader.load(processor).train()
    state, before = torch.get_rng_state(), {name: value.clone() for name, value in policy.named_parameters()}
    attention = policy.config.get_text_config()._attn_implementation
    check_forwards(policy, PromptEncoder(processor))
    assert policy.training and torch.equal(torch.get_rng_state(), state)
    assert policy.config.get_text_config()._attn_implementation == attention
    assert all(torch.equal(value, before[name]) and value.grad is None for name, value in policy.named_parameters())


def test_the_stock_forward_is_that_of_a_stock_model(policy_folder, policy, encoder, mixed_prompts):
    """Of another instance, which transformers alone has loaded."""
    from transformers import AutoModelForImageTextToText

    stock = AutoModelForImageTextToText.from_pretrained(policy_folder, attn_implementation="eager")
    tokens = torch.tensor([40, 50, 60])
    for prompt in mixed_prompts:
        given = stock_prompt(encoder, prompt)
        assert torch.equal(given["input_ids"][0], prompt.token_ids)
        with plain_attention(policy, "eager"):
            found = stock_logprobs(policy.eval(), given, tokens)
        assert torch.equal(found, stock_logprobs(stock, given, tokens))
