from revisual.data import encoding
from revisual.evaluation.presets import OFFICIAL, PRESETS, REVISUAL_R1, VISION_R1


def test_the_model_is_evaluated_with_the_system_prompt_that_it_is_trained_with():
    assert REVISUAL_R1.system_prompt == encoding.REVISUAL_R1_SYSTEM_PROMPT


def test_presets_are_told_apart_by_name_and_the_default_comes_first():
    assert PRESETS[0] is REVISUAL_R1
    assert len({preset.name for preset in PRESETS}) == len(PRESETS)
    assert (VISION_R1.temperature, VISION_R1.top_p) == (0.6, 0.95)
    assert OFFICIAL.system_prompt is None and OFFICIAL.around("x") == "x"
