"""Attention by name in models."""


def test_another_model_can_be_built_from_a_policys_config(policy):
    again = type(policy)(policy.config)
    assert again.model.visual.config._attn_implementation == "sdpa"
    assert "flash" in policy.model.visual.blocks[0].attn.config._attn_implementation
