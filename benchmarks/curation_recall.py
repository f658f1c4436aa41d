"""Plants duplicates, leaks and unverifiable answers among real samples, and counts how many the curation finds.

    python benchmarks/curation_recall.py DATA_FOLDER --out out/curation_recall

Copies are respelled (case, spacing, LaTeX, digits as words, a synonym per sentence) and repictured (size, JPEG, crop)
by tests/data_recipes/grammar/planting.py, which shares no code with the curation. The same samples without the planted
ones are curated too: what only the first run drops of the others is lost on their account.
"""

import argparse
import json
import random
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from data_recipes.grammar import planting

from revisual.data.images import ImageSource
from revisual.data.readers import JSONLReader, ParquetReader
from revisual.data.sample import Sample
from revisual.data_recipes.grammar.runner import Runner
from revisual.data_recipes.grammar.sources import Source
from revisual.data_recipes.grammar.steps.collect import Collect
from revisual.data_recipes.grammar.steps.decontaminate import Decontaminate
from revisual.data_recipes.grammar.steps.deduplicate import Deduplicate
from revisual.data_recipes.grammar.store import row_of
from revisual.evaluation.selection import choose_benchmarks

FILES = {
    "gsm8k": "gsm8k/train.jsonl",
    "math": "math_train/train.jsonl",
    "aime": "aime/aime1983_2023_train.jsonl",
    "geometry3k": "geometry3k_rendered/train.jsonl",
    "tabmwp": "tabmwp/dev1k.jsonl",
    "puzzlevqa": "puzzlevqa/unsplit.jsonl",
}
TARGETS = "math500,aime24,aime25,gsm8k,geometry3k,mathvision"
KINDS = ("duplicate, text", "duplicate, picture", "leak, text", "leak, picture", "unverifiable")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("out/curation_recall"))
    parser.add_argument("--each", type=int, default=300, help="planted samples of each kind")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    sources = [Source(name, JSONLReader(path)) for name, path in FILES.items()]
    clean = kept_by(args.data, args.out / "clean", sources)
    planted = plant(args.data, random.Random(args.seed), args.each, clean)
    path = args.out / "planted.parquet"
    write_parquet(path, planted)
    both = kept_by(args.data, args.out / "planted", [*sources, Source("planted", ParquetReader(path.absolute()))])
    print(json.dumps(figures(planted, clean, both, args.out / "clean"), indent=2))


def kept_by(data: Path, out: Path, sources: list[Source]) -> set[tuple[str, str]]:
    collect = Collect(sources=tuple(sources), root=data)
    steps = {"collect": collect, "deduplicate": Deduplicate(), "decontaminate": Decontaminate(TARGETS, root=data)}
    Runner(out, steps).run()
    from revisual.data_recipes.grammar.items import Items

    items = Items.read(out / "decontaminate/items.parquet")
    return {items.key(place) for place in range(len(items))}


def plant(data: Path, rng: random.Random, each: int, clean: set[tuple[str, str]]) -> list[Sample]:
    samples = [replace(s, source=name) for name, path in FILES.items() for s in JSONLReader(data / path)()]
    samples = [s for s in samples if (s.source, s.id) in clean]
    items = [item.sample for one in choose_benchmarks(TARGETS) for item in one.items(data)]
    text, pictured = [s for s in samples if not s.images], [s for s in samples if s.images]
    test_text, test_pictured = [s for s in items if not s.images], [s for s in items if s.images]
    planted = []
    for kind, pool in zip(KINDS[:4], (text, pictured, test_text, test_pictured), strict=True):
        for sample in rng.sample(pool, min(each, len(pool))):
            planted.append(copied(kind, sample, rng, len(planted)))
    for number in range(each):
        host = rng.choice(text)
        if number % 3:
            bad = replace(host, answer=rng.choice([a for a in planting.UNVERIFIABLE_ANSWERS if a.strip()]))
        else:
            bad = replace(host, question=f"{unique(number)} {rng.choice(planting.UNVERIFIABLE_QUESTIONS)}")
        planted.append(replace(bad, id=f"unverifiable#{len(planted)}", source="planted"))
    return planted


def unique(number: int) -> str:
    return f"Case {planting.in_words(number)}."


def copied(kind: str, sample: Sample, rng: random.Random, number: int) -> Sample:
    images = tuple(planting.repictured(image, rng) for image in sample.images)
    question = sample.question if sample.images and rng.random() < 0.5 else planting.respelled(sample.question, rng)
    return replace(sample, id=f"{kind}#{number}", question=question, images=images, source="planted")


def write_parquet(path: Path, samples: list[Sample]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from revisual.data_recipes.grammar.store import SCHEMA

    rows = [row_of(replace(s, images=[image for image in s.images if isinstance(image, ImageSource)])) for s in samples]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA).drop_columns(["extra"]), path)


def figures(planted: list[Sample], clean: set, both: set, clean_out: Path) -> dict[str, object]:
    missed = [s.id for s in planted if ("planted", s.id) in both]
    total, left = Counter(kind(s.id) for s in planted), Counter(map(kind, missed))
    lost = clean - both
    twins = {(d["source"], d["id"]) for d in map(json.loads, (clean_out / "decontaminate/twins.jsonl").open())}
    return {
        "found": {name: f"{total[name] - left[name]}/{total[name]}" for name in total},
        "clean": len(clean),
        "of these twins": len(twins & clean),
        "clean lost to the planted": len(lost - twins),
        "missed": missed[:400],
    }


def kind(id: str) -> str:
    return id.partition("#")[0]


if __name__ == "__main__":
    main()
