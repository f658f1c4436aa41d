from evaluation.made_layouts import write_rows
from revisual.evaluation.benchmarks import LogicVista


def test_logicvista_leaves_out_what_cannot_be_asked(tmp_path):
    rows = [{"id": "v1_382", "question": "", "answer": "", "skill": ["spatial"], "images": []}]
    rows.append({"id": "v1_2", "question": "Which two?", "answer": "B, D", "skill": ["spatial"], "images": []})
    write_rows(tmp_path / "logicvista/test.jsonl", rows)
    assert [item.sample.id for item in LogicVista().items(tmp_path)] == ["v1_2"]
