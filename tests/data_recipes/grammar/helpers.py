"""Sources, runs and samples for the tests of the curation."""

import json

from PIL import Image, ImageDraw

from revisual.data.readers import JSONLReader
from revisual.data_recipes.grammar.items import Items
from revisual.data_recipes.grammar.runner import Runner
from revisual.data_recipes.grammar.sources import Source
from revisual.data_recipes.grammar.steps.collect import Collect


def jsonl(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def source(name, path, **options):
    return Source(name, JSONLReader(path), **options)


def collect(tmp_path, rows, name="text", **options):
    path = jsonl(tmp_path / f"{name}.jsonl", rows)
    return Collect(sources=(source(name, path),), **options)


def run(out, steps, **options):
    return Runner(out, steps, **options).run()


def items(out, step):
    return Items.read(out / step / "items.parquet")


def ids(out, step):
    return items(out, step).table["id"].to_pylist()


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def drawing(rng, size=(240, 180)):
    """A picture that no other one looks like: coloured ellipses and lines."""
    image = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)
    for _ in range(rng.randint(4, 8)):
        x, y = rng.randrange(size[0]), rng.randrange(size[1])
        box = (x, y, x + rng.randint(20, 120), y + rng.randint(20, 120))
        colour = tuple(rng.randrange(200) for _ in range(3))
        if rng.random() < 0.5:
            pen.ellipse(box, fill=colour)
        else:
            pen.rectangle(box, outline=colour, width=4)
    return image
