from PIL import Image

from revisual.data.images import ImageSource
from revisual.data.sample import Sample
from revisual.data_recipes.bridging.dry_run import render_prompts
from revisual.data_recipes.bridging.prompts import PromptFiles
from revisual.data_recipes.bridging.recipe import Recipe
from revisual.data_recipes.bridging.work_item import STEPS


def test_prompts_are_shown_step_by_step_and_nothing_moves_the_cursor():
    picture = ImageSource(image=Image.new("RGB", (4, 4)))
    samples = [
        Sample("1", "How many?\x1b[2J", "3", "shapes", images=[picture]),
        Sample("2", "And now?", "4", "shapes"),
        Sample("3", "Not shown.", "5", "shapes", images=[picture]),
    ]
    recipe = Recipe(PromptFiles().read())
    text = "\n".join(render_prompts(iter(samples), recipe, dict.fromkeys(STEPS, "model"), count=2))
    assert "=== shapes/1 (gold answer: 3)" in text and "dropped: has no picture" in text and "Not shown" not in text
    places = [text.index(f"--- {step}, model") for step in STEPS]
    assert places == sorted(places) and "[the reply of description]" in text and "\x1b" not in text
