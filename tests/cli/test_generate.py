import json

import pytest

from revisual.cli.main import main
from revisual.data.prompting import Prompting
from revisual.data.system_prompts import REVISUAL_R1_SYSTEM_PROMPT
from revisual.models.export import export_policy

from .conftest import QUESTIONS


def test_on_the_command_line(policy_folder, picture, capfd):
    words = [f"--model={policy_folder}", "--question=Which?", "--image", str(picture), str(picture), "--max_tokens=5"]
    assert main(["generate", *words]) == 0
    greedy = capfd.readouterr().out
    assert main(["generate", *words]) == 0 and capfd.readouterr().out == greedy
    assert main(["generate", *words, "--do_sample", "--n=3", "--temperature=1.5", "--top_k=50"]) == 0
    out = capfd.readouterr().out
    assert all(f"{i} of 3" in out for i in (1, 2, 3))


def test_an_export_is_asked_as_it_was_trained(sensitive_policy, processor, tmp_path, capfd):
    stock, export = tmp_path / "stock", tmp_path / "export"
    export_policy(sensitive_policy, processor, stock)
    asked = Prompting("Be brief.", temperature=2.0, top_k=7)
    export_policy(sensitive_policy, processor, export, prompting=asked)

    def answer(folder, *options):
        assert main(["generate", f"--model={folder}", "--question=Which?", "--max_tokens=12", *options]) == 0
        return capfd.readouterr().out

    briefly, bare, default = (answer(stock, *one) for one in (["--prompt=Be brief."], ["--prompt="], []))
    assert len({briefly, bare, default}) == 3
    assert answer(export) == briefly and answer(export, "--prompt=") == bare == answer(export, "--prompt=null")
    drawn = answer(stock, "--prompt=Be brief.", "--do_sample", "--temperature=2", "--top_p=1", "--top_k=7")
    assert answer(export, "--do_sample") == drawn != answer(export, "--do_sample", "--temperature=0.1")


def test_a_file_of_questions(policy_folder, questions, tmp_path):
    out = tmp_path / "out.jsonl"
    words = [f"--model={policy_folder}", f"--questions={questions}", f"--out={out}", "--do_sample", "--max_tokens=5"]
    assert main(["generate", *words, "--n=2", "--rows=3"]) == 0
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(row["id"], row["sample_index"]) for row in rows] == [(q["id"], j) for q in QUESTIONS for j in (0, 1)]
    assert (
        rows[0]["answer"] == "red" and rows[2]["choices"] == ["one", "two"] and rows[4]["question"] == "What is 7 + 5?"
    )
    assert all(1 <= row["tokens"] <= 5 and row["finish_reason"] in ("stop", "length") for row in rows)
    assert not out.with_name("out.jsonl.journal").exists()
    kept = json.loads(out.with_name("out.jsonl.settings.json").read_text())
    wanted = {
        "model": str(policy_folder),
        "system_prompt": REVISUAL_R1_SYSTEM_PROMPT,
        "temperature": 0.6,
        "top_p": 0.95,
    }
    assert kept == wanted | {"max_tokens": 5, "n": 2, "seed": 0, "min_pixels": None, "max_pixels": None}
    assert main(["grade", str(out), f"--out={tmp_path / 'graded.jsonl'}"]) in (0, 1)  # two have no gold answer


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ([], "--question"),
        (["--question=a", "--questions=b"], "only one"),
        (["--questions=b"], "--out"),
        (["--question=a", "--out=b"], "--out"),
        (["--questions=b", "--out=c", "--image", "d"], "images"),
        (["--question=a", "--n=2"], "--do_sample"),
        (["--question=a", "--n=0"], "n: expected int in [1, "),
        (["--question=a", "--do_sample", "--temperature=0"], "--temperature"),
        (["--question=a", "--do_sample", "--top_p=2"], "top_p"),
        (["--question=a", "--max_tokens=0"], "max_tokens"),
        (["--question=a", "--max_tokens=many"], "max_tokens"),
        (["--question=a", "--image", "no/such.png"], "no/such.png"),
        (["--question=a"], "no/such/folder"),
        (["--question=a", "--topp=1"], "topp"),
    ],
)
def test_mistakes_are_one_line(options, named, capsys):
    assert main(["generate", "--model=no/such/folder", *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("revisual generate: ") and named in line
