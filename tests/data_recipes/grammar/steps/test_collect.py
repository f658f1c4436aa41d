"""Reading, resuming, and bad input."""

import resource

import pytest

from data_recipes.grammar.helpers import collect, ids, jsonl, lines, run, source
from revisual.core.errors import UserError
from revisual.data_recipes.grammar.rules.base import Rule
from revisual.data_recipes.grammar.steps import collect as module
from revisual.data_recipes.grammar.steps.collect import Collect
from revisual.data_recipes.grammar.steps.deduplicate import Deduplicate
from revisual.data_recipes.grammar.store import SampleStore


def sums(count, name="s"):
    return [{"id": f"{name}{k}", "question": f"What is {k} + {k} + 1?", "answer": str(2 * k + 1)} for k in range(count)]


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
