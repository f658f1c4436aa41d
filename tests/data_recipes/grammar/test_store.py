"""Samples on disk are those that were collected."""

from PIL import Image

from data_recipes.grammar.helpers import collect, items, run
from revisual.data_recipes.grammar.store import SampleStore


def test_samples_come_back_as_they_were(tmp_path):
    Image.new("RGB", (30, 20), "red").save(tmp_path / "red.png")
    rows = [
        {
            "id": "a",
            "question": "What colour is this?",
            "answer": "red",
            "images": ["red.png"],
            "choices": ["red", "blue"],
        },
        {"id": "b", "question": "What is 6 * 7?", "answer": "42", "solution": "6 * 7 = 42", "extra": {"level": 3}},
    ]
    run(tmp_path / "out", {"collect": collect(tmp_path, rows)})
    store = SampleStore(tmp_path / "out/collect/samples")
    first, second = store.samples([0, 1])
    assert (first.id, first.choices, first.images[0].data) == (
        "a",
        ("red", "blue"),
        (tmp_path / "red.png").read_bytes(),
    )
    assert (second.solution, second.extra, second.source) == ("6 * 7 = 42", {"level": 3}, "text")
    assert len(store) == 2 and items(tmp_path / "out", "collect").column("pictures").tolist() == [1, 0]
