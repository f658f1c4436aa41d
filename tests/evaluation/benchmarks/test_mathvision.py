from dataclasses import replace

from evaluation.answers_of import answer
from evaluation.made_layouts import plain, write_rows
from revisual.evaluation.benchmarks import MathVision
from revisual.evaluation.presets import OFFICIAL, VISION_R1

VISION = {"id": "7", "question": "Which?\n<image1>", "answer": "B", "solution": None, "image": "images/7.jpg"}


def test_mathvision_in_the_layout_of_the_hub(tmp_path):
    row = VISION | {
        "decoded_image": plain("red"),
        "options": ["12", "15"],
        "level": 3,
        "subject": "algebra",
    }
    write_rows(tmp_path / "MathLLMs/MathVision/data/test-00000-of-00001.parquet", [row])
    (item,) = MathVision().items(tmp_path)
    assert (item.sample.id, item.sample.answer, item.sample.choices) == ("7", "B", ("A. 12", "B. 15"))
    assert (item.fields, item.sample.source) == ({"level": 3, "subject": "algebra"}, "mathvision")
    assert item.sample.load_images()[0].getpixel((0, 0)) == (255, 0, 0)
    assert MathVision().prompt(item, OFFICIAL).endswith('in the "\\boxed{}".\nWhich?\n<image1>\n(A) 12\n(B) 15\n')
    assert MathVision().prompt(item, VISION_R1).endswith(f"(A) 12\n(B) 15\n{VISION_R1.suffix}")


DRAWN = VISION | {"choices": list("ABCDE"), "images": [], "level": 1, "subject": "x"}


def test_mathvision_does_not_repeat_options_that_are_drawn(tmp_path):
    write_rows(tmp_path / "mathvision/testmini.jsonl", [DRAWN])
    (item,) = MathVision().items(tmp_path)
    assert MathVision().prompt(item, OFFICIAL).endswith("Which?\n<image1>\n")
    official = MathVision().official_score
    said = replace(answer("7", 0, **item.fields), gold=item.sample.answer, choices=item.sample.choices)
    assert official(replace(said, response=r"\boxed{b}")) == 1.0
    assert official(replace(said, response=r"\boxed{A}")) == 0.0
