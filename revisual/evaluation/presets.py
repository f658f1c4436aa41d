"""How a model is asked: what goes around a benchmark's own prompt, and how answers are sampled."""

from dataclasses import dataclass

from revisual.data.system_prompts import REVISUAL_R1_SYSTEM_PROMPT

VISION_R1_FORMAT = (
    "Think first, within <think> </think> tags, and then give the final answer alone, within <answer> </answer> tags."
)
"""Vision-R1's format in words of this project: its authors publish no system prompt, as their model needs none."""


@dataclass(frozen=True)
class Preset:
    """What goes around the official prompt of a benchmark, and the sampling that belongs to it.

    Example: `Preset("terse", system_prompt="Answer in one word.", temperature=0.0)`

    Args:
        name: of the preset.
        system_prompt: the first turn, if there is one.
        suffix: put after each prompt, on a line of its own.
        temperature: 0 takes the likeliest token.
        top_p: the share of probability that is sampled from.
    """

    name: str
    system_prompt: str | None = None
    suffix: str = ""
    temperature: float = 0.0
    top_p: float = 1.0

    def around(self, prompt: str) -> str:
        r"""Return the text of the user's turn.

        Example: `Preset("brief", suffix="Be brief.").around("What is 6 * 7?") == "What is 6 * 7?\nBe brief."`
        """
        return f"{prompt}\n{self.suffix}" if self.suffix else prompt


OFFICIAL = Preset("official")
"""The benchmark's own prompt and nothing else."""
REVISUAL_R1 = Preset("revisual_r1", REVISUAL_R1_SYSTEM_PROMPT, temperature=0.3, top_p=0.95)
"""ReVisual-R1's system prompt, the temperature of its validation (released code) and the top_p of its training."""
VISION_R1 = Preset("vision_r1", VISION_R1_FORMAT, temperature=0.6, top_p=0.95)
"""Vision-R1's format and sampling (section 4 of the paper, and the released README)."""

PRESETS = (REVISUAL_R1, VISION_R1, OFFICIAL)
"""The default first."""
