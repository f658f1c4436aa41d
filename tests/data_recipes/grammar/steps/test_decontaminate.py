import random
from dataclasses import dataclass
from pathlib import Path

from data_recipes.grammar.helpers import drawing, ids, jsonl, lines, run
from data_recipes.grammar.planting import UNVERIFIABLE_ANSWERS, UNVERIFIABLE_QUESTIONS, repictured, respelled
from data_recipes.grammar.stories import rows
from revisual.data.images import ImageSource
from revisual.data.readers import JSONLReader, SampleReader
from revisual.data.sample import Sample
from revisual.data_recipes.grammar.sources import Source
from revisual.data_recipes.grammar.steps.collect import Collect
from revisual.data_recipes.grammar.steps.decontaminate import Decontaminate
from revisual.data_recipes.grammar.steps.deduplicate import Deduplicate
from revisual.evaluation.benchmarks import TableBenchmark

CLEAN, PLANTED = 300, 100


@dataclass(frozen=True)
class Given(SampleReader):
    """Samples in memory."""

    samples: tuple[Sample, ...]

    @property
    def label(self) -> str:
        return "given"

    def __call__(self):
        return iter(self.samples)


def copies(found, rng, name):
    return [
        {**row, "id": f"{name}{number}", "question": respelled(row["question"], rng)}
        for number, row in enumerate(rng.sample(found, PLANTED))
    ]


def test_planted_texts_are_found(tmp_path):
    rng = random.Random(11)
    clean, test = rows(rng, CLEAN), rows(rng, 200, "t")
    bad = [
        {"id": f"bad{number}", "question": question, "answer": answer}
        for number, (question, answer) in enumerate(
            [(clean[k]["question"] + " Really?", answer) for k, answer in enumerate(UNVERIFIABLE_ANSWERS)]
            + [(question, "3") for question in UNVERIFIABLE_QUESTIONS]
        )
    ]
    planted = [*copies(clean, rng, "copy"), *copies(test, rng, "leak"), *bad]
    data = jsonl(tmp_path / "data/all.jsonl", [*clean, *planted]).parent
    jsonl(data / "test.jsonl", test)
    benchmark = TableBenchmark(name="test", jsonl="test.jsonl")
    steps = {
        "collect": Collect(sources=(Source("all", JSONLReader(data / "all.jsonl", require_answer=False)),)),
        "deduplicate": Deduplicate(),
        "decontaminate": Decontaminate("", (benchmark,), data),
    }
    run(tmp_path / "out", steps)
    left = set(ids(tmp_path / "out", "decontaminate"))
    for name, count in (("copy", PLANTED), ("leak", PLANTED), ("bad", len(bad))):
        missed = [id for id in left if id.startswith(name)]
        assert len(missed) <= 0.05 * count, missed
    lost = {row["id"] for row in clean} - left
    assert len(lost) <= 0.01 * CLEAN, lost
    drops = {line["id"]: line for step in steps for line in lines(tmp_path / f"out/{step}/dropped.jsonl")}
    assert drops["leak0"]["reason"] in ("leak: text", "duplicate: exact", "duplicate: near")
    assert drops["leak0"]["detail"]["of"].startswith(("test/t", "all/"))


def test_planted_pictures_are_found(tmp_path):
    rng = random.Random(12)
    pictures = [drawing(rng) for _ in range(90)]

    def sample(name, number, image, question="What is the area of the largest shape?"):
        return Sample(f"{name}{number}", question, str(number), images=(image,))

    clean = [sample("s", k, ImageSource(image=image)) for k, image in enumerate(pictures[:60])]
    copied = [sample("copy", k, repictured(clean[k].images[0], rng)) for k in range(40)]
    folder = tmp_path / "data"
    folder.mkdir()
    for number, image in enumerate(pictures[60:]):
        image.save(folder / f"{number}.png")
    test = [
        {"id": f"t{k}", "question": "How many shapes are there?", "answer": str(k), "images": [f"{k}.png"]}
        for k in range(30)
    ]
    jsonl(folder / "test.jsonl", test)
    leaked = [
        sample("leak", k, repictured(ImageSource(image=pictures[60 + k]), rng), "An unrelated question about colours?")
        for k in range(30)
    ]
    benchmark = TableBenchmark(name="test", jsonl="test.jsonl")
    steps = {
        "collect": Collect(sources=(Source("all", Given((*clean, *copied, *leaked))),)),
        "deduplicate": Deduplicate(),
        "decontaminate": Decontaminate("", (benchmark,), folder),
    }
    run(tmp_path / "out", steps)
    left = set(ids(tmp_path / "out", "decontaminate"))
    assert {one.id for one in clean} <= left
    assert sum(one.startswith("copy") for one in left) <= 2
    assert sum(one.startswith("leak") for one in left) <= 1
    assert Path(tmp_path / "out/collect/samples").is_dir()


def test_twins_are_listed_apart(tmp_path):
    test = [{"id": "t0", "question": "What is the greatest common factor of 32 and 48 in base ten?", "answer": "16"}]
    twin = [{"id": "s0", "question": "What is the greatest common factor of 40 and 48 in base ten?", "answer": "8"}]
    jsonl(tmp_path / "test.jsonl", test)
    path = jsonl(tmp_path / "all.jsonl", twin)
    benchmark = TableBenchmark(name="test", jsonl="test.jsonl")
    for keep in (True, False):
        steps = {
            "collect": Collect(sources=(Source("all", JSONLReader(path)),)),
            "decontaminate": Decontaminate("", (benchmark,), tmp_path, keep_twins=keep),
        }
        out = tmp_path / f"out_{keep}"
        run(out, steps)
        assert ids(out, "decontaminate") == (["s0"] if keep else [])
        (line,) = lines(out / "decontaminate/twins.jsonl")
        assert (line["id"], line["detail"]["of"]) == ("s0", "test/t0")
