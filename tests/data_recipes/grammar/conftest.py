import random

import pytest

from data_recipes.grammar.helpers import drawing, jsonl, run, source
from revisual.data_recipes.grammar.steps.balance import Balance, Part
from revisual.data_recipes.grammar.steps.collect import Collect
from revisual.data_recipes.grammar.steps.difficulty import RatedDifficulty
from revisual.data_recipes.grammar.steps.publish import Publish


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """The folder of a run over 120 texts, half of them with a solution, and 40 questions about 20 pictures."""
    folder = tmp_path_factory.mktemp("curated")
    rng = random.Random(2)
    for number in range(20):
        drawing(rng, (80, 60)).save(folder / f"{number}.png")
    texts = [
        {
            "id": f"t{k}",
            "question": f"What is {k} <b>plus</b> {k}?",
            "answer": str(2 * k),
            "solution": "worked" if k % 2 else None,
            "extra": {"difficulty": k % 10 + 1},
        }
        for k in range(120)
    ]
    seen = [
        {"id": f"p{k}", "question": f"How many shapes, times {k}?", "answer": str(k), "images": [f"{k // 2}.png"]}
        for k in range(40)
    ]
    sources = (
        source(
            "texts", jsonl(folder / "texts.jsonl", texts), licence="MIT <3", modality="text", hub="x/y", verified=True
        ),
        source("pictures", jsonl(folder / "pictures.jsonl", seen), licence="CC0", modality="pictures"),
    )
    parts = (
        Part("cold_start", 40, "text", solution=True),
        Part("multimodal_rl", 40, "pictures"),
        Part("text_rl", 30, "text"),
    )
    steps = {
        "collect": Collect(sources=sources),
        "difficulty": RatedDifficulty(),
        "balance": Balance(parts),
        "publish": Publish(shard_rows=16, validation=0.2, title="A *small* set"),
    }
    run(folder / "out", steps)
    return folder / "out"
