import random

import pytest
import yaml

from data_recipes.grammar.helpers import drawing, jsonl, run, source
from revisual.data_recipes.grammar.steps.balance import Balance, Part
from revisual.data_recipes.grammar.steps.collect import Collect
from revisual.data_recipes.grammar.steps.difficulty import RatedDifficulty
from revisual.data_recipes.grammar.steps.publish import Publish


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """120 texts, half of them with a solution, and 40 questions about 20 pictures."""
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


def test_the_card_says_what_happened(published):
    text = (published / "publish/dataset/README.md").read_text()
    head = yaml.safe_load(text.split("---\n")[1])
    assert [config["config_name"] for config in head["configs"]] == sorted(
        ["cold_start", "multimodal_rl", "text_rl"], key=text.index
    )
    assert "| texts | text | MIT &lt;3 | x/y | yes | 120 | 70 |" in text
    assert "| balance | 160 | 110 |" in text and "| balance | not drawn | 50 |" in text
    assert "# A \\*small\\* set" in text
    page = (published / "card.html").read_text()
    assert "MIT &lt;3" in page and "<b>plus" not in page and page.count("<svg") >= 6
    assert (published / "publish/dataset/card.html").read_text() == page
