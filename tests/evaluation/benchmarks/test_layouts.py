"""Every benchmark in the layout that it has on the hub: what is read, and what models that are easily judged score."""

import io
import json
import os
import subprocess
import sys
import zipfile
from fractions import Fraction
from statistics import fmean

import pytest

from evaluation.answers_of import Judging, Textual, figures
from evaluation.hub_mirror import HubMirror
from evaluation.made_layouts import COUNT, LAYOUTS, NAMED, mm_math, picture, write_rows
from evaluation.made_models import GIVING_UP, OFFICIALLY, answered, boxed, letters_of, one_answer
from revisual.client.pictures import pixel_hash
from revisual.evaluation.benchmark import under_official_rules
from revisual.evaluation.presets import OFFICIAL

SIZES = {name: COUNT for name in NAMED} | {"mathverse": 20, "dynamath": 40, "wemath": 14}
WITHOUT_PICTURES = {"mathverse_text_only", "aime24", "aime25", "gpqa", "math500", "gsm8k"}
PAID_FOR_GIVING_UP = {"mathvista": "the nearest option counts", "mmmu": "a letter is drawn"}


def write_mm_math(root):
    folder = root / "THU-KEG/MM_Math"
    write_rows(folder / "MM_Math.jsonl", [mm_math(i) for i in range(COUNT)])
    with zipfile.ZipFile(folder / "Image.zip", "w") as archive:
        for i in range(COUNT):
            buffer = io.BytesIO()
            picture(i).save(buffer, "PNG")
            archive.writestr(f"MM_Math/{i}.png", buffer.getvalue())


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hub")
    for layout in LAYOUTS:
        layout.write(folder)
    write_mm_math(folder)
    return folder


@pytest.fixture(scope="module")
def items(root):
    return {name: list(benchmark.items(root)) for name, benchmark in NAMED.items()}


@pytest.mark.parametrize("name", NAMED)
def test_all_is_read(name, items):
    assert len(items[name]) == SIZES[name]
    for item in items[name]:
        assert [one.load(item.sample.id).size for one in item.sample.images] == [(8, 6)] * len(item.sample.images)
        assert bool(item.sample.images) is (name not in WITHOUT_PICTURES)
        assert NAMED[name].prompt(item, OFFICIAL)
        assert None not in [item.fields[field] for field in item.fields if field not in ("unit", "precision")]


@pytest.mark.parametrize("name", NAMED)
def test_a_perfect_model_scores_100(name, items):
    metrics = NAMED[name].metrics(answered(NAMED[name], items[name], boxed), Judging())
    shares_of_faults = ("insufficient_", "inadequate_", "rote_")
    for figure in (metrics.headline, *metrics.figures):
        assert figure.value == (0.0 if figure.name.startswith(shares_of_faults) else 1.0), figure.name
    assert metrics.counts.unanswered == metrics.counts.undecided == 0


@pytest.mark.parametrize("name", OFFICIALLY)
def test_a_perfect_model_scores_100_by_the_official_rules(name, items):
    answers = answered(NAMED[name], items[name], OFFICIALLY[name])
    assert NAMED[name].metrics(under_official_rules(NAMED[name], answers), Textual()).headline.value == 1.0
    assert NAMED[name].metrics(answers, Textual()).headline.value == 1.0  # the project's grader reads these forms too


@pytest.mark.parametrize("name", NAMED)
def test_giving_up_scores_0(name, items):
    answers = answered(NAMED[name], items[name], lambda item: GIVING_UP)
    metrics = NAMED[name].metrics(answers, Judging())
    assert metrics.headline.value == 0.0
    official = NAMED[name].metrics(under_official_rules(NAMED[name], answers), Textual()).headline.value
    if name in PAID_FOR_GIVING_UP:
        assert official > 0
    else:
        assert official == (0.0 if name in OFFICIALLY else None)


@pytest.mark.parametrize("name", NAMED)
def test_a_random_letter_scores_at_chance(name, items):
    """Of all letters that it could draw exactly one is paid; where two options are right or none is, no letter is."""
    for item in items[name]:
        letters = letters_of(item.sample)
        scores = [one_answer(NAMED[name], item, rf"So it is \boxed{{{one}}}.").score for one in letters or "ABCD"]
        chance = Fraction(1, len(letters)) if letters and "," not in item.sample.answer else 0
        assert Fraction(int(sum(scores)), len(scores)) == chance, item.sample.id


@pytest.mark.parametrize("name", NAMED)
def test_splits_are_means_of_their_problems(name, items):
    """Worked out anew from which questions were answered right, with several values in some fields."""
    benchmark = NAMED[name]
    answers = answered(benchmark, items[name], lambda item: boxed(item) if hash_of(item) else GIVING_UP)
    found = figures(benchmark.metrics(answers, Judging()))
    assert found.get("pass@1", found.get("average", found.get("mean_of_versions"))).value is not None
    for field in benchmark.fields if benchmark.by is None else benchmark.by:
        groups = {}
        for item in items[name]:
            values = item.fields[field]
            for value in values if isinstance(values, list) else [values]:
                if value is not None:
                    groups.setdefault(str(value), []).append(hash_of(item))
        assert groups.keys() == {one.partition("/")[2] for one in found if one.startswith(f"{field}/")}
        for value, right in groups.items():
            assert found[f"{field}/{value}"].value == pytest.approx(fmean(right))
            assert found[f"{field}/{value}"].n == len(right)


def hash_of(item):
    return sum(map(ord, item.sample.id)) % 3 > 0


PROGRAM = """
import json, sys
from revisual.client.pictures import pixel_hash
from revisual.evaluation.selection import choose_benchmarks
for benchmark in choose_benchmarks(sys.argv[1]):
    for item in benchmark.items(None):
        sample = item.sample
        pictures = [pixel_hash(one.load(sample.id)) for one in sample.images]
        row = [benchmark.name, sample.id, sample.question, sample.answer, sample.choices, dict(item.fields), pictures]
        print(json.dumps(row))
"""


@pytest.mark.slow
def test_the_hub_gives_what_its_files_do(root, items, tmp_path):
    """Through `datasets`, from a mirror that `HF_ENDPOINT` names, and once more offline, from the cache."""
    expected = [
        [
            *(name, one.sample.id, one.sample.question, one.sample.answer),
            *(list(one.sample.choices or ()) or None, dict(one.fields)),
            [pixel_hash(source.load(one.sample.id)) for source in one.sample.images],
        ]
        for name, found in items.items()
        for one in found
    ]
    command = [sys.executable, "-c", PROGRAM, ",".join(NAMED)]
    environment = os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_DISABLE_TELEMETRY": "1"}
    with HubMirror(root) as mirror:
        for offline in ("0", "1"):
            asked = len(mirror.paths)
            changed = environment | {"HF_ENDPOINT": mirror.url, "HF_HUB_OFFLINE": offline}
            done = subprocess.run(command, env=changed, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr[-3000:]
            assert [json.loads(line) for line in done.stdout.splitlines()] == expected
            assert (len(mirror.paths) == asked) is (offline == "1")
