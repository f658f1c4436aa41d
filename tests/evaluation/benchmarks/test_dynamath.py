from evaluation.answers_of import Textual, answer
from evaluation.made_layouts import plain, write_rows
from revisual.evaluation.benchmarks import DynaMath


def test_dynamath_reads_ten_splits(tmp_path):
    for variant in range(1, 11):
        row = {"id": "5", "question": f"{variant} + 1?", "image": "x.png", "decoded_image": plain("blue")}
        row |= {"ground_truth": f"{variant + 1}.0", "answer_type": "float", "subject": "s", "knowledge_level": "high"}
        write_rows(tmp_path / f"DynaMath_Sample/data/sample_variant{variant}-00000-of-00001.parquet", [row])
    items = list(DynaMath().items(tmp_path))
    assert [(one.sample.id, one.sample.answer) for one in items] == [(f"q5_v{n}", f"{n + 1}.0") for n in range(1, 11)]
    assert items[3].fields == {"qid": "5", "variant": 4, "answer_type": "float", "subject": "s", "level": "high"}
    answers = [answer(one.sample.id, 1, **one.fields) for one in items]
    assert DynaMath().metrics(answers, Textual()).headline.value == 1.0
