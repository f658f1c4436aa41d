"""Asking a folder of each kind on the command line."""

import pytest

from revisual.cli.main import main


@pytest.mark.parametrize("family", ["qwen3_vl", "qwen3_5", "gemma3", "internvl", "qwen2", "mistral"])
@pytest.mark.parametrize("way", ["live", "file"])
def test_a_folder_answers(made, tmp_path, capsys, family, way):
    folder, asked = f"--model={made(family).folder}", ["--question=What is 6 * 7?"]
    if way == "file":
        (tmp_path / "asked.jsonl").write_text('{"id": "a", "question": "What is 6 * 7?", "answer": "42"}\n')
        asked = [f"--questions={tmp_path / 'asked.jsonl'}", f"--out={tmp_path / 'out.jsonl'}"]
    assert main(["generate", folder, *asked, "--prompt=", "--max_tokens=5"]) == 0
    assert "Traceback" not in capsys.readouterr().err
    assert way == "live" or len((tmp_path / "out.jsonl").read_text().splitlines()) == 1
