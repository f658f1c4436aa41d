from evaluation.made_layouts import write_rows
from revisual.evaluation.benchmarks import GPQA
from revisual.evaluation.presets import OFFICIAL


def gpqa_rows(count):
    texts = ("Correct Answer", "Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3")
    extra = {"High-level domain": "Physics"}
    return [
        {"Record ID": f"rec{n}", "Question": f"Which {n}?"} | {text: f"{text} of {n}" for text in texts} | extra
        for n in range(count)
    ]


def test_gpqa_shuffles_by_seed_and_id_alone(tmp_path):
    write_rows(tmp_path / "gpqa/gpqa_diamond.jsonl", gpqa_rows(60))
    items = list(GPQA().items(tmp_path))
    for item in items:
        right = item.sample.choices["ABCD".index(item.sample.answer)]
        assert right == f"{item.sample.answer}. Correct Answer of {item.sample.id.removeprefix('rec')}"
    assert {item.sample.answer for item in items} == set("ABCD")
    write_rows(tmp_path / "gpqa/gpqa_diamond.jsonl", gpqa_rows(60)[::-1])
    assert list(GPQA().items(tmp_path))[::-1] == items
    assert list(GPQA(seed=1).items(tmp_path)) != items
    shown = "\n".join(choice.replace(". ", ") ", 1) for choice in items[0].sample.choices)
    assert GPQA().prompt(items[0], OFFICIAL).endswith(f"before answering.\n\nWhich 0?\n\n{shown}")
