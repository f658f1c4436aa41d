import random

import numpy as np

from data_recipes.grammar.helpers import collect, items, run
from revisual.data_recipes.grammar.steps.topics import Topics
from revisual.data_recipes.grammar.topics.clusterers import (
    HdbscanClusterer,
    KMeansClusterer,
    purity,
)
from revisual.data_recipes.grammar.topics.embedders import TfidfEmbedder

TOPICS = {
    "geometry": ["triangle", "angle", "circle", "radius", "tangent", "polygon", "vertex", "chord", "diagonal"],
    "money": ["dollars", "price", "discount", "bank", "wage", "salary", "coins", "budget", "profit", "invoice"],
    "chance": ["probability", "dice", "cards", "random", "coin", "deck", "draw", "outcome", "fair", "expected"],
}


def questions(rng, each=60):
    rows = []
    for name, terms in TOPICS.items():
        for number in range(each):
            text = f"Given the {' and the '.join(rng.sample(terms, 6))}, what is {number} plus {rng.randint(1, 99)}?"
            rows.append({"id": f"{name}{number}", "question": text, "answer": str(number), "extra": {"subject": name}})
    return rows


def test_topics_are_those_of_the_questions(tmp_path):
    rows = questions(random.Random(0))
    step = Topics(
        TfidfEmbedder(dimensions=8), HdbscanClusterer(least_points=15, leaves=False), sampled=120, known=("subject",)
    )
    source = collect(tmp_path, rows)
    notes = run(tmp_path / "out", {"collect": source, "topics": step})["topics"]["notes"]
    found = items(tmp_path / "out", "topics")
    subjects = [row["extra"]["subject"] for row in rows]
    assert purity(found.names("topic"), subjects) >= 0.95
    assert np.isclose(sum(notes["shares"].values()), 1.0)
    assert np.isclose(notes["shares"]["outside the sample, to the nearest"], 60 / 180)
    assert set(notes["purity"]["subject"]) == {"clusters", "k-means", "one cluster", "items"}
    assert any(set(name.split(", ")) & set(TOPICS["geometry"]) for name in found.counts("topic"))
    again = Topics(TfidfEmbedder(dimensions=8), KMeansClusterer(3), sampled=120)
    run(tmp_path / "out", {"collect": source, "topics": again})
    assert len(list((tmp_path / "out/cache").iterdir())) == 1  # embedded once
