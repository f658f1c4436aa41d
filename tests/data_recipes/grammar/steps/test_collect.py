"""Reading, resuming, and bad input."""

import resource

import pytest
from PIL import Image

from data_recipes.grammar.helpers import collect, ids, items, jsonl, lines, run, source
from revisual.core.errors import UserError
from revisual.data.readers import JSONLReader
from revisual.data_recipes.grammar.rules.base import Rule
from revisual.data_recipes.grammar.sources import Source
from revisual.data_recipes.grammar.steps import collect as module
from revisual.data_recipes.grammar.steps.collect import Collect
from revisual.data_recipes.grammar.steps.deduplicate import Deduplicate
from revisual.data_recipes.grammar.store import SampleStore


def sums(count, name="s"):
    return [{"id": f"{name}{k}", "question": f"What is {k} + {k} + 1?", "answer": str(2 * k + 1)} for k in range(count)]


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


def test_what_falls_is_told_with_its_reason(tmp_path):
    rows = [
        *sums(1),
        {"id": "proof", "question": "Prove that 2 is prime.", "answer": "2"},
        {"id": "lost", "question": "How many dots are there?", "answer": "2", "images": ["nowhere.png"]},
        {"id": "chat", "answer": "2", "messages": [{"role": "user", "content": "Hello?"}]},
    ]
    run(tmp_path / "out", {"collect": collect(tmp_path, rows)})
    reasons = {line["id"]: line["reason"] for line in lines(tmp_path / "out/collect/dropped.jsonl")}
    assert reasons == {
        "proof": "question: a proof or an explanation",
        "lost": "picture: missing or broken",
        "chat": "question: a conversation",
    }


def test_answers_in_boxes_are_found(tmp_path):
    rows = [
        {"id": "a", "question": "What is 6 * 7?", "answer": r"We multiply. So \boxed{42}."},
        {"id": "b", "question": "What is 6 + 7?", "answer": "We add and get thirteen."},
    ]
    path = jsonl(tmp_path / "boxed.jsonl", rows)
    run(tmp_path / "out", {"collect": Collect(sources=(source("boxed", path, answer_in_box=True),))})
    (sample,) = SampleStore(tmp_path / "out/collect/samples").samples([0])
    assert (sample.id, sample.answer) == ("a", "42")


class Broken(Exception):
    pass


def test_an_interrupted_source_is_gone_on_with(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 10)
    seen = []

    class Stops(Rule):
        def __call__(self, samples):
            seen.extend(sample.id for sample in samples)
            if len(seen) == 30:
                raise Broken
            return [None] * len(samples)

    rule = Stops()
    steps = {"collect": collect(tmp_path, sums(45), rules=(rule,))}
    with pytest.raises(Broken):
        run(tmp_path / "out", steps)
    run(tmp_path / "out", steps)
    assert seen == [f"s{k}" for k in [*range(30), *range(20, 45)]]  # the chunk that was cut off is done again
    assert ids(tmp_path / "out", "collect") == [f"s{k}" for k in range(45)]


BAD = [
    ({"columns": {"question": "problem"}}, "column 'problem' does not exist; there are: id, question, answer"),
    ({"path": "nowhere.jsonl"}, "nowhere.jsonl: no such file"),
]


@pytest.mark.parametrize(("options", "said"), BAD)
def test_bad_sources_are_told_and_finished_ones_kept(tmp_path, options, said):
    good = source("good", jsonl(tmp_path / "good.jsonl", sums(5)))
    bad = Source("bad", JSONLReader(**{"path": jsonl(tmp_path / "bad.jsonl", sums(5))} | options))
    with pytest.raises(UserError) as told:
        run(tmp_path / "out", {"collect": Collect(sources=(good, bad))})
    assert said in str(told.value) and "\n" not in str(told.value)
    assert (tmp_path / "out/collect/samples/000-good/finished.json").is_file()


def test_sources_need_names_of_their_own(tmp_path):
    one = source("a", jsonl(tmp_path / "a.jsonl", sums(2)))
    with pytest.raises(UserError, match="two sources are called 'a'"):
        run(tmp_path / "out", {"collect": Collect(sources=(one, one))})
    with pytest.raises(UserError, match="cannot be a folder's name"):
        source("../a", tmp_path)
    with pytest.raises(UserError, match="b has no reader: convert it"):
        run(tmp_path / "out", {"collect": Collect(sources=(Source("b", note="convert it first"),))})


def test_a_full_disk_is_told_and_finished_work_kept(tmp_path):
    steps = {"collect": collect(tmp_path, sums(3000)), "deduplicate": Deduplicate()}
    run(tmp_path / "out", {"collect": steps["collect"]})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))  # the system then refuses to write any further
    try:
        with pytest.raises(UserError) as told:
            run(tmp_path / "out", steps)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "cannot go on" in str(told.value) and "what is finished is kept" in str(told.value)
    assert "\n" not in str(told.value)
    assert not list(tmp_path.rglob("*.part"))
    run(tmp_path / "out", steps)
    assert len(ids(tmp_path / "out", "deduplicate")) == 3000
