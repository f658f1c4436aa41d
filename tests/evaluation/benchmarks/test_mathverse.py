from evaluation.made_layouts import write_rows
from revisual.evaluation.benchmarks import MathVerse
from revisual.evaluation.presets import OFFICIAL


def test_mathverse_asks_what_stands_in_the_picture_and_tells_the_grader(tmp_path):
    row = {"problem_index": "3", "problem_version": "Vision Only", "question_type": "multi-choice", "answer": "B"}
    row |= {"sample_index": "13", "question": "", "metadata": {"subject": "Plane Geometry", "subfield": "Angle"}}
    row |= {"query_cot": "According to the picture, please answer.", "images": []}
    row |= {"question_for_eval": "Which?\nChoices:\nA:40\nB:60"}
    write_rows(tmp_path / "mathverse/testmini.jsonl", [row])
    (item,) = MathVerse().items(tmp_path)
    assert MathVerse().prompt(item, OFFICIAL) == "According to the picture, please answer."
    assert (item.sample.id, item.sample.choices) == ("13", ("A. 40", "B. 60"))
    assert (item.fields["subject"], item.fields["problem_version"]) == ("Plane Geometry", "Vision Only")
