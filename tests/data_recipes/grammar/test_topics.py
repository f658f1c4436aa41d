"""Embedding, clusters, names."""

import json
import random

import numpy as np
import pytest
from client.chat_server import ChatServer, Response, says

from revisual.client.retries import Retries
from revisual.core import packages
from revisual.core.errors import UserError
from revisual.data_recipes.grammar.solver import ServerSolver
from revisual.data_recipes.grammar.steps.topics import Topics
from revisual.data_recipes.grammar.topics.clusterers import (
    HdbscanClusterer,
    KMeansClusterer,
    centres,
    nearest,
    purity,
    reduced,
)
from revisual.data_recipes.grammar.topics.embedders import TfidfEmbedder, unit, words
from revisual.data_recipes.grammar.topics.embedding_server import ServerEmbedder
from revisual.data_recipes.grammar.topics.namers import KeyTerms, ModelNames, clean_name, distinct

from .helpers import collect, items, run

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


def test_at_most_twenty_thousand_points_in_twenty_dimensions():
    for options in ({"sampled": 20_001}, {"dimensions": 21}):
        with pytest.raises(UserError, match="20,000 and 1 <= dimensions <= 20"):
            Topics(**options)


def test_points_go_to_the_nearest_cluster():
    rng = np.random.default_rng(0)
    directions = np.eye(3, dtype=np.float32)
    points = unit(np.repeat(directions, 20, axis=0) + 0.05 * rng.standard_normal((60, 3)))
    labels = np.repeat([0, 1, -1], 20)
    middles = centres(points, labels)
    assert np.allclose(middles, unit(np.stack([points[:20].sum(0), points[20:40].sum(0)])), atol=1e-6)
    assert nearest(points[:40], middles).tolist() == [0] * 20 + [1] * 20
    with pytest.raises(UserError, match="no clusters"):
        centres(points, np.full(60, -1))


def test_reduced_keeps_what_most_points_vary_in():
    rng = np.random.default_rng(1)
    flat = rng.standard_normal((200, 3)) @ rng.standard_normal((3, 50))
    small, projection = reduced(flat.astype(np.float32), 3, seed=0)
    assert small.shape == (200, 3) and projection.shape == (50, 3)
    assert np.allclose(
        np.abs(unit(flat @ projection) @ unit(flat @ projection).T), np.abs(unit(flat) @ unit(flat).T), atol=0.05
    )


def test_words():
    assert words(r"Find $\sin 30$, $\frac{1}{2}$ of 4 apples") == ["find", "sin", "apples"]


def test_names(tmp_path):
    texts = [["triangle and circle"] * 3, ["dollars and price"] * 3]
    assert [set(name.split(", ")) for name in KeyTerms(2)(texts, tmp_path)] == [
        {"circle", "triangle"},
        {"dollars", "price"},
    ]
    assert distinct(["a", "b", "a"]) == ["a", "b", "a (2)"]
    assert clean_name("<think>Hm.</think>\n**Linear equations.**") == "Linear equations" and clean_name("x" * 99) == ""


def test_a_model_names_topics(tmp_path):
    texts = [["What is the angle of a triangle?"] * 3, ["What is the price in dollars?"] * 3]
    with ChatServer(lambda call: says("Angles" if "triangle" in call.text else "x" * 200)) as server:
        names = ModelNames(solver=ServerSolver(model="m", base_url=server.url))(texts, tmp_path / "journal.jsonl")
    assert names[0] == "Angles" and "price" in names[1]
    with (
        ChatServer(lambda call: Response(status=400, body=b"no")) as server,
        pytest.raises(UserError, match="gave no name"),
    ):
        ModelNames(solver=ServerSolver(model="m", base_url=server.url))(texts, tmp_path / "other.jsonl")


def embeddings(call):
    vectors = [[float(len(text)), 1.0, float(text.count("a"))] for text in call.body["input"]]
    data = [{"index": place, "embedding": vector} for place, vector in enumerate(vectors)]
    return Response(body=json.dumps({"data": data[::-1]}).encode())


def test_a_server_embeds():
    texts = ["banana", "a", "xyz", "aaa"]
    with ChatServer(lambda call: Response(status=500)) as server:
        server._response = embeddings
        found = ServerEmbedder(model="m", base_url=server.url, batch_size=3).fit([], 0)(texts)
        assert [len(call.body["input"]) for call in server.calls] == [3, 1]
    assert np.allclose(found, unit(np.array([[6, 1, 3], [1, 1, 1], [3, 1, 0], [3, 1, 3]])))


@pytest.mark.parametrize("body", [b"hello", b'{"data": []}', b'{"data": [{"index": 0, "embedding": ["x"]}]}'])
def test_a_server_that_does_not_is_told_in_a_line(body):
    with ChatServer(lambda call: None) as server:
        server._response = lambda call: Response(body=body)
        embedder = ServerEmbedder(model="m", base_url=server.url, retries=Retries(attempts=2, first_delay=0.01))
        with pytest.raises(UserError, match="no embeddings: ") as told:
            embedder.fit([], 0)(["text"])
        assert len(server.calls) == 2 and "\n" not in str(told.value)


def test_a_missing_package_is_told(monkeypatch):
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r'needs the package sklearn: pip install "revisual\[curation\]"'):
        TfidfEmbedder().fit(["a text"], 0)
