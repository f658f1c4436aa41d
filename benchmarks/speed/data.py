"""Writes the policy and the prompts that both trainers are measured on: `python data.py SETTINGS`."""

import json
import random
import sys
from pathlib import Path

from PIL import Image, ImageDraw

from revisual.models.tiny import TinyArchitecture, save_tiny_policy

COLOURS = ("red", "green", "blue", "yellow")


def write(settings: dict) -> None:
    """policy/, pictures/, and prompts.jsonl with enough prompts for all steps."""
    folder = Path(settings["folder"])
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    texts = [f"What is {k} + 1? Which colour is the square?" for k in range(100)]
    architecture = TinyArchitecture(
        vision_depth=settings["vision_depth"], max_pixels=1_003_520, initializer_range=0.02, tied=True
    )
    save_tiny_policy(folder / "policy", architecture, texts, seed=0)
    rng = random.Random(0)
    with (folder / "prompts.jsonl").open("w") as file:
        for i in range(settings["prompts"] * settings["steps"]):
            colour, side = COLOURS[i % 4], settings["pictures"][i % len(settings["pictures"])]
            picture = Image.new("RGB", (side, side), "white")
            ImageDraw.Draw(picture).rectangle((side // 4, side // 4, 3 * side // 4, 3 * side // 4), colour)
            name = f"pictures/{colour}_{side}.png"
            picture.save(folder / name)
            question = f"What is {rng.randint(0, 99)} + 1? Which colour is the square?"
            row = {"id": str(i), "question": question, "answer": colour, "images": [name]}
            file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    write(json.loads(sys.argv[1]))
