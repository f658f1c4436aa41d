"""The command, and the configs that it ships with."""

import random
import re
from pathlib import Path

import pytest
import yaml
from data_recipes.grammar.helpers import ids, jsonl
from data_recipes.grammar.steps.test_collect import sums
from data_recipes.grammar.stories import rows

from revisual.cli.main import main

CONFIGS = Path(__file__).parents[2] / "configs/grammar"
TABLE = yaml.safe_load((CONFIGS / "sources.yaml").read_text())["sources"]


def parsed(capsys, *words):
    with pytest.raises(SystemExit) as end:
        main(["curate", *map(str, words), "--print_config"])
    captured = capsys.readouterr()
    assert not end.value.code, captured.err
    return yaml.safe_load(captured.out)


def configs(*names):
    return [f"--config={CONFIGS / name}" for name in names]


def test_shipped_configs_parse(capsys):
    found = parsed(capsys, *configs("curate.yaml", "sources.yaml"))
    assert len(found["sources"]) == 19 and found["difficulty"]["init_args"]["k"] == 16
    sample = parsed(capsys, *configs("real_sample.yaml"), "--data=here")
    assert [source["name"] for source in sample["sources"]][:2] == ["gsm8k", "math"] and sample["data"] == "here"


def test_the_address_of_a_server_is_one_option(capsys):
    found = parsed(
        capsys,
        *configs("real_sample.yaml"),
        "--difficulty=GradeDifficulty",
        "--difficulty.solver=ServerSolver",
        "--difficulty.solver.model=tiny",
        "--difficulty.solver.base_url=http://host:1/v1",
    )["difficulty"]["init_args"]
    assert found["solver"]["init_args"]["base_url"] == "http://host:1/v1"
    assert found["solver"]["class_path"].endswith("ServerSolver") and found["k"] == 16


def test_the_table_guesses_nothing():
    assert len({source["name"] for source in TABLE}) == 19
    for source in TABLE:
        assert {"modality", "licence", "size"} <= source.keys()
        if source.get("verified"):
            assert source["checked"] and source["hub"] and source["reader"] and source["licence"] != "unknown"
        if source.get("hub"):
            assert source["checked"], source["name"]
        if not source.get("reader"):
            assert source["note"], source["name"]
    assert sum(source["modality"] == "pictures" for source in TABLE) == 9


def test_a_run_from_the_command_line(tmp_path, capsys):
    pytest.importorskip("sklearn")
    path = jsonl(
        tmp_path / "data/sums.jsonl",
        [*rows(random.Random(0), 30), {"id": "p", "question": "Prove that 1 = 1.", "answer": "1"}],
    )
    config = tmp_path / "curate.yaml"
    config.write_text(
        f"out: {tmp_path}/out\ndecontaminate: null\ndata: {path.parent}\n"
        "sources: [{name: sums, reader: {class_path: JSONLReader, init_args: {path: sums.jsonl}}}]\n"
        "topics: {class_path: Topics, init_args: {clusterer: {class_path: KMeansClusterer, init_args: {clusters: 2}}}}"
    )
    assert main(["curate", "--config", str(config)]) == 0
    captured = capsys.readouterr()
    assert captured.out.strip() == f"{tmp_path}/out/card.html" and "sums: " not in captured.err
    assert len(ids(tmp_path / "out", "publish")) == 30
    assert main(["curate", "--config", str(config), "--only", "balance", "--choose", "[sums]"]) == 0
    assert "balance: started" in capsys.readouterr().err


MISTAKES = [
    (["--choose=[other]"], "choose: no source 'other'; there are: sums"),
    (
        ["--difficulty=RatedDifficulty", "--difficulty.easiest=3", "--difficulty.hardest=3"],
        "easiest and hardest are the same",
    ),
    (["--topics.sampled=30000"], "2 <= sampled <= 20,000"),
    (["--balance.shards=3"], "shards"),
    (["--deduplicate=Sort"], "Sort"),
    (["--topics.sampled=100"], "too few words to tell topics apart"),
    (["--data=nowhere"], "nowhere/sums.jsonl: no such file"),
]


@pytest.mark.parametrize(("words", "said"), MISTAKES)
def test_mistakes_are_told_in_a_line(tmp_path, capsys, words, said):
    path = jsonl(tmp_path / "data/sums.jsonl", sums(5))
    config = tmp_path / "curate.yaml"
    config.write_text(
        f"out: {tmp_path}/out\ndecontaminate: null\ndata: {path.parent}\ntopics: {{class_path: Topics}}\n"
        "balance: {class_path: Balance}\n"
        "sources: [{name: sums, reader: {class_path: JSONLReader, init_args: {path: sums.jsonl}}}]\n"
    )
    assert main(["curate", "--config", str(config), *words]) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("revisual curate: ")]
    assert len(errors) == 1 and said in errors[0], errors


def test_code_and_configs_speak_of_no_machine():
    for path in [*CONFIGS.glob("*.yaml"), *(Path(__file__).parents[2] / "revisual/data_recipes/grammar").rglob("*.py")]:
        assert not re.search(r"/work/|/tmp/|shared/", path.read_text()), path
