from data_recipes.grammar.helpers import ids, jsonl, lines, run
from revisual.data.readers import JSONLReader
from revisual.data_recipes.grammar.sources import Source
from revisual.data_recipes.grammar.steps.collect import Collect
from revisual.data_recipes.grammar.steps.deduplicate import Deduplicate


def test_of_copies_the_one_with_a_solution_stays(tmp_path):
    question = "How many apples are in a box of 12 rows of 8 apples each?"
    first = [
        {"id": "a", "question": question, "answer": "96"},
        {"id": "b", "question": "What is 3 + 4 of these?", "answer": "7"},
    ]
    second = [{"id": "c", "question": question.upper(), "answer": "96", "solution": "12 * 8 = 96"}]
    paths = [jsonl(tmp_path / f"{name}.jsonl", found) for name, found in (("x", first), ("y", second))]
    sources = tuple(Source(path.stem, JSONLReader(path)) for path in paths)
    run(tmp_path / "out", {"collect": Collect(sources=sources), "deduplicate": Deduplicate()})
    assert ids(tmp_path / "out", "deduplicate") == ["b", "c"]
    (line,) = lines(tmp_path / "out/deduplicate/dropped.jsonl")
    assert (line["id"], line["reason"], line["detail"]) == ("a", "duplicate: exact", {"of": "y/c"})
