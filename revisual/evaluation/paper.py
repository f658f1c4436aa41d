"""What the papers report, to stand beside what is measured."""

from collections.abc import Mapping

REVISUAL_R1_7B: Mapping[str, float] = {
    "mathverse": 0.536,
    "mathvision": 0.488,
    "mathvista": 0.731,
    "dynamath": 0.275,
    "wemath": 0.420,
    "logicvista": 0.523,
    "aime24": 0.533,
    "aime25": 0.433,
    "gpqa": 0.475,
    "math500": 0.892,
}
"""ReVisual-R1's Table 2: the worst case of DynaMath, AIME over 8 runs by its caption, all else pass@1."""

VISION_R1_7B: Mapping[str, float] = {"mathvista": 0.735, "mathverse": 0.524, "mm_math": 0.402}
"""Vision-R1's results of its 7B model. Its 56.3 on DynaMath is an average, which is not the figure shown here."""
