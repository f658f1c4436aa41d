"""Small data sets in the layouts that the benchmarks have on the hub: their columns and files, made-up questions."""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass

import yaml
from datasets import Dataset, Features, Image, Sequence, Value
from PIL import Image as Pictures

from revisual.evaluation.metrics.mathverse import VERSIONS
from revisual.evaluation.metrics.we_math_domains import DOMAINS
from revisual.evaluation.selection import shipped_benchmarks

COUNT = 12
LETTERS = "ABCD"
NUMBER, FLOAT, TEXTS = Value("int64"), Value("float64"), Sequence(Value("string"))
NAMED = {benchmark.name: benchmark for benchmark in shipped_benchmarks()}


def plain(colour):
    return Pictures.new("RGB", (8, 6), colour)


def picture(i):
    return plain((20 * i % 256, 100, 50))


def options(i):
    return [str(10 * i + 3 * place + 1) for place in range(len(LETTERS))]


def gold(i):
    """The letters in an order without a pattern of two or four."""
    return LETTERS[i * i // 3 % len(LETTERS)]


def mathverse(version, i):
    is_choice = i % 2 == 0
    question = f"Which {i}?\nChoices:\n" + "\n".join(f"{a}:{b}" for a, b in zip(LETTERS, options(i), strict=True))
    question = question if is_choice else f"What is {i} + 1?"
    kind, answer = ("multi-choice", gold(i)) if is_choice else ("free-form", str(i + 1))
    shown = "" if version == "Vision Only" else question
    meta = {
        "split": "testmini",
        "source": "GeoQA",
        "subject": "Plane Geometry",
        "subfield": "Angle" if i % 3 else "Area",
    }
    row = {"sample_index": f"{i}-{version}", "problem_index": str(i), "problem_version": version, "question": shown}
    row |= {"image": picture(i), "answer": answer, "question_type": kind, "metadata": meta}
    return row | {"query_wo": shown, "query_cot": f"First reason.\n{shown}", "question_for_eval": question}


def text_only(i):
    row = mathverse("Text Only", i)
    return {name: value for name, value in row.items() if name != "image"} | {"image": None}


def mathvision(i):
    is_choice = i % 2 == 0
    row = {"id": str(i), "question": f"Which {i}?\n<image1>", "options": options(i) if is_choice else []}
    row |= {"image": f"images/{i}.jpg", "decoded_image": picture(i), "answer": gold(i) if is_choice else str(i + 2)}
    return row | {"solution": None, "level": i % 5 + 1, "subject": "algebra" if i % 3 else "counting"}


def mathvista(i):
    kind = ("multi_choice", "text") if i % 2 == 0 else ("free_form", "float" if i % 4 == 1 else "integer")
    answer = options(i)[LETTERS.index(gold(i))] if i % 2 == 0 else f"{i}.5" if i % 4 == 1 else str(i + 2)
    meta = {"category": "math-targeted-vqa", "context": "bar chart", "grade": "high school", "img_height": 6}
    meta |= {"img_width": 8, "language": "english", "skills": ["arithmetic reasoning"], "source": "IconQA"}
    meta |= {"split": "testmini", "task": "figure question answering" if i % 3 else "math word problem"}
    row = {"pid": str(i), "question": f"Which {i}?", "image": f"images/{i}.jpg", "decoded_image": picture(i)}
    row |= {"choices": options(i) if i % 2 == 0 else None, "unit": "cm" if i == 3 else None}
    row |= {"precision": 1.0 if i % 4 == 1 else None, "answer": answer, "question_type": kind[0]}
    return row | {"answer_type": kind[1], "metadata": meta, "query": ""}


def dynamath(variant, i):
    is_choice = i % 2 == 0
    shown = " ".join(f"({a}) {b}" for a, b in zip(LETTERS, options(i), strict=True))
    question = f"Which {i}? choice: {shown}" if is_choice else f"What is {variant} + {i}?"
    row = {"id": str(i), "question": question, "image": f"images/{i}.png", "decoded_image": picture(i)}
    row |= {"ground_truth": gold(i) if is_choice else f"{variant + i}.0", "subject": "algebra" if i % 3 else "puzzle"}
    return row | {"answer_type": "multiple choice" if is_choice else "float", "knowledge_level": "high school"}


def we_math(i):
    """Two families of two steps and two of three, whose concepts go through the domains."""
    concepts = [concept for group in DOMAINS.values() for concept in group]
    steps = 2 if i < 6 else 3
    family, part = divmod(i if steps == 2 else i - 6, steps + 1)
    is_whole, first = part == steps, 9 * (2 * (steps - 2) + family)
    concept = ";".join(concepts[first : first + steps]) if is_whole else concepts[first + part]
    option = "; ".join(f"{a}. {b}" for a, b in zip(LETTERS, options(i), strict=True))
    row = {"ID": f"{steps}steps_{family}", "split": "testmini", "knowledge concept": concept, "question": f"Which {i}?"}
    row |= {"option": option, "answer": gold(i), "image_path": picture(i)}
    return row | {"key": f"{steps}steps_{'multi' if is_whole else part + 1}", "question number": i}


def logicvista(i):
    shown = " ".join(f"({a}) {b}" for a, b in zip(LETTERS, options(i), strict=True))
    answer = "B, D" if i == 5 else gold(i)
    row = {"imagename": f"v1_{i}.png", "question": f"Which {i}? {shown}", "answer": answer, "image": picture(i)}
    row |= {"skill": ["inductive", "spatial"][: i % 2 + 1], "broad_capability": ["ocr"], "specific_capability": ["x"]}
    return row | {"imagesource": "somewhere", "liscenced": "true", "reasoning": ""}


def aime(i):
    row = {"id": 60 + i, "problem": f"What is {i} + 200?", "solution": "By adding.", "answer": str(200 + i)}
    return row | {"url": "x", "year": "2024"}


def gpqa(i):
    wrong = {f"Incorrect Answer {place}": text for place, text in enumerate(options(i)[1:], 1)}
    row = {"Record ID": f"rec{i}", "Question": f"Which {i}?", "Correct Answer": options(i)[0], **wrong}
    return row | {"High-level domain": "Physics" if i % 3 else "Biology", "Subdomain": "Optics"}


def math500(i):
    row = {"problem": f"What is 1/{i + 2}?", "solution": "x", "answer": rf"\frac{{1}}{{{i + 2}}}", "subject": "Algebra"}
    return row | {"level": i % 5 + 1, "unique_id": f"test/algebra/{i}.json"}


def geometry3k(i):
    return {"images": [picture(i)], "problem": "<image>Find $x$.", "answer": rf"{i + 2} \sqrt {{ 3 }}"}


def gsm8k(i):
    return {"question": f"What is {i} * 1000?", "answer": f"It is <<{i}*1000={i}000>>.\n#### {i + 1},000"}


def mmmu(i):
    is_choice = i % 2 == 0
    row = {"id": f"validation_{'Art_Theory' if i % 3 else 'Math'}_{i}", "question": f"<image 1> {i}?"}
    row |= {"options": str(options(i)) if is_choice else "[]", "explanation": "", "img_type": "['Photos']"}
    row |= {"answer": gold(i) if is_choice else str(i + 2), "topic_difficulty": "Easy" if i % 3 else "Hard"}
    row |= {f"image_{n}": picture(n) if n <= 1 + i % 2 else None for n in range(1, 8)}
    return row | {"question_type": "multiple-choice" if is_choice else "open", "subfield": "s"}


def mm_math(i):
    row = {"question": f"As shown, what is {i} + 1?", "file_name": f"{i}.png", "solution": rf"So \boxed{{{i + 1}}}."}
    return row | {"year": "nine", "difficult": "easy" if i % 3 else "hard", "knowledge": "Functions"}


@dataclass(frozen=True)
class Layout:
    """The files of one repository: rows by file, and which file is which split of which configuration."""

    name: str
    files: dict[str, list[dict]]
    configs: dict[str, dict[str, str]]

    def write(self, root):
        """Writes them below `root`, as a snapshot of the hub has them."""
        benchmark = NAMED[self.name]
        folder = root / (benchmark.hub or "MM_Math")
        for path, rows in self.files.items():
            write_rows(folder / path, rows)
        card = folder / "README.md"
        kept = yaml.safe_load(card.read_text().split("---")[1])["configs"] if card.exists() else []
        kept += [
            {"config_name": config, "data_files": [{"split": split, "path": path} for split, path in splits.items()]}
            for config, splits in self.configs.items()
        ]
        card.write_text(f"---\n{yaml.safe_dump({'configs': kept})}---\n")


def features_of(rows):
    """Types as the hub has them: pictures, numbers, and lists, of whichever row shows them."""
    return Features({name: _feature([row[name] for row in rows]) for name in rows[0]})


def _feature(values):
    value = next((one for one in values if one is not None and one != []), None)
    if isinstance(value, Pictures.Image):
        return Image()
    if isinstance(value, list):
        return Sequence(_feature(value))
    if isinstance(value, dict):
        return {name: _feature([value[name]]) for name in value}
    return {int: NUMBER, float: FLOAT}.get(type(value), Value("string"))


def write_parquet(path, rows):
    features = features_of(rows)
    if "image" in rows[0] and not isinstance(rows[0]["image"], str):
        features["image"] = Image()
    Dataset.from_list(rows, features).to_parquet(path)


def write_jsonl(path, rows):
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def write_csv(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


WRITERS: dict[str, Callable] = {".parquet": write_parquet, ".jsonl": write_jsonl, ".csv": write_csv}


def write_rows(path, rows):
    """Writes a file of the kind that its name says, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    WRITERS[path.suffix](path, rows)


def one_file(name, row, path, config="default", count=COUNT):
    return Layout(name, {path: [row(i) for i in range(count)]}, {config: {NAMED[name].split: path}})


def dynamath_layout():
    paths = {n: f"data/sample_variant{n}-00000-of-00001.parquet" for n in range(1, 11)}
    rows = {path: [dynamath(n, i) for i in range(COUNT // 3)] for n, path in paths.items()}
    return Layout("dynamath", rows, {"default": {f"sample_variant{n}": path for n, path in paths.items()}})


def mathverse_layout():
    rows = [mathverse(version, i) for i in range(COUNT // 3) for version in VERSIONS]
    return Layout("mathverse", {"testmini.parquet": rows}, {"testmini": {"testmini": "testmini.parquet"}})


LAYOUTS = [
    mathverse_layout(),
    one_file("mathverse_text_only", text_only, "testmini_text_only.parquet", "testmini_text_only"),
    one_file("mathvision", mathvision, "data/test-00000-of-00001.parquet"),
    one_file("mathvista", mathvista, "data/testmini-00000-of-00001.parquet"),
    dynamath_layout(),
    one_file("wemath", we_math, "data/testmini-00000-of-00001.parquet", count=14),
    one_file("logicvista", logicvista, "data/test-00000-of-00001.parquet"),
    one_file("aime24", aime, "data/train-00000-of-00001.parquet"),
    one_file("aime25", aime, "aime_2025.jsonl"),
    one_file("gpqa", gpqa, "gpqa_diamond.csv", "gpqa_diamond"),
    one_file("math500", math500, "test.jsonl"),
    one_file("geometry3k", geometry3k, "data/test-00000-of-00001.parquet"),
    one_file("gsm8k", gsm8k, "main/test-00000-of-00001.parquet", "main"),
    one_file("mmmu", mmmu, "data/validation-00000-of-00001.parquet"),
]
