"""Options by the names that ReVisual-R1's own scripts and other commands have for them."""

import json
from pathlib import Path

import pytest
import yaml
from client.chat_server import ChatServer, Response
from evaluation.sums import COUNT, CUSTOM, half_right_server, write_sums

from revisual.cli.aliases import ALIASES, use_own_names
from revisual.cli.evaluate import COMMAND as EVALUATE
from revisual.cli.main import main
from revisual.cli.options import option_types
from revisual.evaluation.selection import choose_benchmarks, shipped_benchmarks

ROOT = Path(__file__).parents[2]


def test_generate_as_the_original_is_called(policy_folder, picture, capfd):
    common = ["--question=Which?", "--max_tokens=4", "--do_sample", "--temperature=1.0", "--top_p=0.95", "--top_k=50"]
    theirs = [f"--model_path={policy_folder}", "--image_path", str(picture), "--num_return_sequences=2"]
    assert main(["generate", *theirs, *common]) == 0
    out = capfd.readouterr().out
    assert "1 of 2" in out and "2 of 2" in out
    ours = [f"--model={policy_folder}", "--image", str(picture), "--n=2"]
    assert main(["generate", *ours, *common]) == 0 and capfd.readouterr().out == out
    config = [f"--config={ROOT / 'configs/generate/revisual_r1.yaml'}", "--max-tokens=4", "--question=Which?"]
    assert main(["generate", *config, *theirs]) == 0 and capfd.readouterr().out == out


def test_evaluate_as_the_original_is_called(tmp_path, capsys):
    data, out, cache = write_sums(tmp_path / "data"), tmp_path / "out", tmp_path / "cache"
    with half_right_server() as server:
        words = ["--model-name", "tiny", "--openai-base-url", server.url, "--dataset-dir", str(data), "--top-p=0.95"]
        words += ["--output-dir", str(out), "--cache-dir", str(cache), "--max-tokens=64", "--min-pixels", "784"]
        words += ["--max-pixels", "1003520", "--eval-threads", "3", "--max-retries=1", f"--custom={CUSTOM}"]
        assert main(["evaluate", *words]) == 0
        asked = len(server.calls)
        assert main(["evaluate", *words]) == 0
        assert len(server.calls) == asked + 1 == COUNT + 1  # what failed is asked again, and all else is in the cache
    settings = json.loads((out / "metrics.json").read_text())["settings"]
    wanted = {"model": "tiny", "base_url": server.url, "min_pixels": 784, "max_pixels": 1003520, "top_p": 0.95}
    assert {name: settings[name] for name in wanted} == wanted and settings["max_tokens"] == 64
    assert not (out / "answers").exists() and (cache / "sums.jsonl").is_file()


def test_a_request_is_sent_again_as_often_as_asked(tmp_path):
    data = write_sums(tmp_path / "data", 1)
    for retries in (0, 1):
        with ChatServer(lambda call: Response(500, b"oh no")) as server:
            words = [f"--model={server.url}", f"--base_url={server.url}", f"--data={data}", f"--custom={CUSTOM}"]
            assert main(["evaluate", *words, f"--out={tmp_path / str(retries)}", f"--max-retries={retries}"]) == 2
            assert len(server.calls) == retries + 1


def test_all_benchmarks(tmp_path, capsys):
    assert main(["evaluate", "--model=m", "--datasets=all", f"--dataset-dir={tmp_path}", f"--out={tmp_path}/out"]) == 2
    told = capsys.readouterr().err
    assert str(tmp_path / shipped_benchmarks()[0].jsonl) in told and told.count("\n") == 1
    assert [one.name for one in choose_benchmarks("all")] == [one.name for one in shipped_benchmarks()]


@pytest.mark.parametrize("option", ["--openai-api-key", "--api_key"])
def test_a_key_is_no_option_and_is_not_shown(tmp_path, capsys, option):
    words = ["--model=m", "--base_url=http://localhost:1/v1", f"--out={tmp_path}/out"]
    for key in ([f"{option}=sk-secret"], [option, "sk-secret"]):
        assert main(["evaluate", *words, *key]) == 2
        told = capsys.readouterr()
        assert "a key is read from the environment alone" in told.err and "sk-secret" not in told.out + told.err


def test_an_option_by_two_names(tmp_path, capsys):
    assert main(["generate", "--model=a", "--model_path=b", "--question=Which?"]) == 2
    assert "--model_path: is --model by another name; give one of them" in capsys.readouterr().err


def test_other_words_stay():
    words = ["--model.path", "a-b", "--no-such=1", "-h", "--image-path", "x", "--image-path=y"]
    wanted = ["--model.path", "a-b", "--no-such=1", "-h", "--image", "x", "--image=y"]
    assert use_own_names("generate", words, ["image"]) == wanted
    assert use_own_names("evaluate", ["--image-path=y"], ["image"]) == ["--image-path=y"]


def test_help_tells_them(capsys):
    for command, names in ALIASES.items():
        with pytest.raises(SystemExit):
            main([command, "--help"])
        told = " ".join(capsys.readouterr().out.split())
        assert all(f"--{name} for --{own}" in told for name, own in names.items())


def test_aliases_name_options_that_are_there(capsys):
    assert set(ALIASES["evaluate"].values()) < option_types(EVALUATE.function).keys()
    with pytest.raises(SystemExit):
        main(["evaluate", "--model-name=m", "--output-dir=o", "--print_config"])
    assert yaml.safe_load(capsys.readouterr().out)["max_retries"] == 5
