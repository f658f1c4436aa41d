"""The first hour of a new user: scenarios by the commands that a person types, each a process of its own."""

import csv
import json
import re
import shutil
from pathlib import Path

import pytest
from client.chat_server import Response
from data_recipes.bridging.servers import Servers, config_of, sees, thinks, write_questions

from .terminal import Terminal

pytestmark = pytest.mark.slow
FILES = Path(__file__).parent / "files"
CONFIGS = Path(__file__).parents[2] / "configs"
FIT = "revisual fit --config sft.yaml --config ../sft_on_cpu.yaml"
SUM = "What is 17 + 25?"


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A folder with what the stranger has written, and a tiny policy."""
    terminal = Terminal(Path(shutil.copytree(FILES, tmp_path_factory.mktemp("stranger") / "home")))
    assert "tiny: an untrained qwen2_5_vl" in terminal.run("revisual tiny --config tiny.yaml --out tiny").out
    return terminal


@pytest.fixture
def home(first, tmp_path):
    """The same, for a test alone."""
    return first.copy(tmp_path / "home")


@pytest.fixture(scope="module")
def trained(first, tmp_path_factory):
    """The folder of an own run of SFT, by `init`, `check` and `fit`, and what these printed."""
    home = first.copy(tmp_path_factory.mktemp("trained") / "home")
    printed = [home.run("revisual init --template sft --out mine")]
    mine = home.cd("mine")
    printed += [mine.run(FIT.replace(" fit ", " check ")), mine.run(FIT)]
    return mine, printed


def rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


# 1. Own data, own parts


def test_supervised_training_on_own_data(trained):
    mine, (started, checked, fitted) = trained
    assert "next: cd mine && revisual check --config sft.yaml" in started.out
    for told in ("all is well", "data/train.jsonl: all 4 samples", "writes into out/sft: export"):
        assert told in checked.out
    assert re.search(r"loss on validation samples: \d\S* -> \d", fitted.out)
    assert re.search(r"accuracy, mine, greedy: 0.0% -> \d.*95 %: 0.0% to 65.8%, of 2 questions", fitted.out)
    for start in ("trained: 100 optimizer steps", "read for train: data/train.jsonl: 4 samples, no pictures",
                  "checkpoint: ", "export: out/sft/export", "report: "):  # fmt: skip
        assert fitted.line(start)
    (log,) = mine.folder.glob("out/sft/logs/**/metrics.csv")
    named = {name for row in rows(log) for name, value in row.items() if value}
    assert {"train/loss", "train/lr", "train/gradient_norm", "train/tokens_per_second", "val/loss"} <= named
    assert (mine.folder / "out/sft/report.html").is_file()
    for path in (mine.folder / "out/sft/export").iterdir():
        assert path.stat().st_mode & 0o044 == 0o044, path  # another user's server reads it
    asked = fitted.line("next: ").removeprefix("next: ").replace("...", SUM)
    assert "42" in mine.run(f"{asked} --max_tokens 40").out.rpartition("answer")[2]


def test_what_is_done_to_the_same_run_afterwards(trained, tmp_path):
    mine = trained[0].cd("..").copy(tmp_path / "home").cd("mine")
    before = mine.read("out/sft/metrics.json")
    told = mine.refuse(FIT, "out/sft: holds a run already", "--ckpt_path last")
    assert re.search(r"--trainer.default_root_dir (\S+)$", told)[1] == "out/sft_2"
    mine.run(FIT.replace(" fit ", " validate ") + " --ckpt_path last")
    assert mine.read("out/sft/metrics.json") == before and (mine.folder / "out/sft/validate_metrics.json").is_file()
    readers = "[{class_path: JSONLReader, init_args: {path: data/train.jsonl, root: ., source: mine}}]"
    mine.run(f"{FIT.replace(' fit ', ' predict ')} --ckpt_path last --data.init_args.predict '{readers}'")
    responses = [json.loads(line) for line in mine.read("out/sft/responses.jsonl").splitlines()]
    assert [row["accuracy"] for row in responses] == [1.0] * 4 and "42" in responses[0]["response"]
    (last,) = mine.folder.glob("out/sft/logs/**/last.ckpt")
    assert "parameters" in mine.run(f"revisual export --ckpt_path {last} --out out/again").out
    weights = [(mine.folder / f"out/{name}/model.safetensors").read_bytes() for name in ("sft/export", "again")]
    assert weights[0] == weights[1]
    mine.refuse(f'revisual generate --model out/exported --question "{SUM}"', "out/exported: no such folder")


def test_reinforcement_with_own_parts(home):
    home.run("revisual init --template grpo --out pictures")
    own, row = home.cd("pictures"), {"question": "Find $x$ in the figure.", "img": "data/pictures/1.png", "answer": "7"}
    own.write("data/more.jsonl", "".join(json.dumps(row | {"id": str(k)}) + "\n" for k in range(4)))
    fit = "revisual fit --config grpo.yaml --config ../grpo_on_cpu.yaml --config ../own.yaml"
    own.refuse(fit, "no module 'own_parts' is found", "PYTHONPATH")
    printed = own.run(f"PYTHONPATH=.. {fit}")
    assert [line for line in printed.out.splitlines() if line.startswith("own callback")] == [
        "own callback: step 1", "own callback: step 2"
    ]  # fmt: skip
    for told in (
        "data.train: data/train.jsonl: 4 samples, 4 with pictures (4)",
        "data.train: data/more.jsonl: 4 samples, no pictures",
        "column 'img' holds pictures and is not read; to use them give columns: {images: img}",
        "4 of 4 questions name a picture and have none",
    ):
        assert told in printed.all, told
    (log,) = own.folder.glob("out/grpo/logs/**/metrics.csv")
    assert any(row.get("reward/digits") for row in rows(log))
    kept = [json.loads(line) for line in own.read("out/grpo/rollouts.jsonl").splitlines()]
    assert len(kept) == 2 * 4  # one rollout of two questions
    for row in kept:
        said = row["response"]
        assert row["reward"] == pytest.approx(sum(map(str.isdigit, said)) / max(1, len(said)), abs=1e-6)
    (config,) = own.folder.glob("out/grpo/**/config.yaml")
    assert "own_parts.Largest" in config.read_text()


# 2. Embedding


def test_a_program_of_ones_own_with_an_engine_of_ones_own(home):
    printed = home.run("python embed.py")
    assert printed.line("as it is: ") == "as it is: trained 2 steps"
    for start, said in {
        "false log-probs": "log-prob",
        "a row too few": "engine Mine gave 7 answers to 2 prompts, where 4 to each were asked for",
        "unknown tokens": "and the policy's vocabulary has",
        "no numbers": "a log-prob that is no finite number",
    }.items():
        assert said in printed.line(f"{start}: "), printed.out


# 3. Pipelines, and going on


def test_a_pipeline_with_a_mistake_in_its_second_stage_trains_nothing(home):
    home.write("practice.yaml", home.read("practice.yaml").replace("group_size", "group_sizze"))
    told = home.refuse("revisual pipeline --config stages.yaml", "practice", "group_sizze")
    assert "did you mean group_size" in told
    assert not (home.folder / "out/two_stages/01_sums").exists()


def test_a_single_run_is_interrupted_and_goes_on(trained, tmp_path):
    mine = trained[0].cd("..").copy(tmp_path / "home").cd("mine")
    mine.variables["PYTHONPATH"] = ".."
    fit = f"{FIT} --config ../own_steps.yaml --trainer.default_root_dir out/other --trainer.max_epochs 60"
    said = mine.interrupt(fit, lambda said: "own callback: step 5" in said, status=0)
    assert re.search(r"stopped by a signal; the same command goes on from step \d+", said), said[-2000:]
    printed = mine.run(fit)
    assert "going on from out/other/stopped.ckpt" in printed.out
    assert printed.line("trained: 60 optimizer steps")


def test_a_pipeline_is_interrupted_and_the_same_command_goes_on(home):
    run = home.folder / "out/two_stages"
    said = home.interrupt("revisual pipeline --config stages.yaml", lambda _: any(run.glob("01_sums/**/*.ckpt")))
    assert said.rstrip().endswith("interrupted; the same command goes on from here")
    assert not (run / "01_sums/export").exists() and not (run / "02_practice").exists()
    printed = home.run("revisual pipeline --config stages.yaml")
    for told in ("sums: goes on from out/two_stages/01_sums/stopped.ckpt", "practice: finished", "report: "):
        assert told in printed.all, told
    steps = [int(row["step"]) for log in sorted(run.glob("01_sums/logs/**/metrics.csv")) for row in rows(log)
             if row["train/loss"]]  # fmt: skip
    assert steps == list(range(60)) and (run / "report.html").is_file()
    again = home.run("revisual pipeline --config stages.yaml").all
    assert "sums: finished before" in again and "practice: finished before" in again


# 4. Measuring


def test_an_export_is_measured_and_compared(trained, tmp_path):
    home = trained[0].cd("..").copy(tmp_path / "home")
    home.run("revisual init --template evaluate --out measure")
    measure, rest = home.cd("measure"), "--config evaluate.yaml --model ../mine/out/sft/export --max_tokens 40"
    measure.write("data/mine.jsonl", home.read("mine/data/train.jsonl"))
    own = measure.run(f"revisual evaluate {rest} --out out/own")
    assert "100.0%" in own.out and "51.0" in own.out  # Wilson's bound of 4 of 4
    found = json.loads(measure.read("out/own/metrics.json"))
    assert found["settings"]["preset"] == "trained" and found["settings"]["model"] == "../mine/out/sft/export"
    headline = found["benchmarks"]["mine"]["headline"]
    assert headline["value"] == headline["high"] == 1.0 and 0.50 < headline["low"] < 0.52
    report = measure.read("out/own/report.html")
    assert "100.0%" in report and not re.search(r"""(?:src|href)=["']?https?:""", report)
    other = measure.run(f"revisual evaluate {rest} --preset official --limit 2 --out out/official")
    assert "preset official: asks otherwise than ../mine/out/sft/export was trained" in other.out
    assert "2 of 4" in other.out
    compared = measure.run("revisual compare out/own out/official").out
    assert "not asked alike (A / B): preset trained / official" in " ".join(compared.split()), compared
    assert "100.0%" in measure.run("revisual score out/own --config evaluate.yaml").out
    measure.refuse(f"revisual evaluate {rest} --data nowhere --out out/none", "nowhere: no such folder")


# 5. Planning


def test_what_does_not_fit_is_planned_and_does_what_the_plan_advises(tmp_path):
    home, asked = Terminal(tmp_path), f"--config {CONFIGS}/revisual_r1/7b/cold_start.yaml --gpu_memory 24GB"
    home.refuse(f"revisual plan {asked}", "no folder", "--architecture qwen2_5_vl_7b")
    asked += f" --architecture qwen2_5_vl_7b --config {CONFIGS}/single_gpu/24gb_cold_start.yaml"
    printed = home.run(f"revisual plan {asked} --model.init_args.policy.init_args.dtype float32", status=3)
    assert "Does not fit: " in printed.out and not re.search(r"-\d", printed.out.partition("Does not fit")[0])
    advised = re.search(r"^  - (\S+): (\w+): ", printed.out, re.MULTILINE).groups()
    assert advised == ("model.init_args.policy.init_args.dtype", "bfloat16")
    assert "Fits: " in home.run(f"revisual plan {asked} --{' '.join(advised)}").out
    assert not any(tmp_path.iterdir())


# 6. Data from models and from many sources


def test_samples_are_bridged_although_a_server_fails(tmp_path):
    home, calls = Terminal(tmp_path), []

    def troubled(call):
        calls.append(call)
        return [Response(503, b"busy"), sees(call)] if len(calls) % 10 == 0 else sees(call)

    with Servers(troubled, thinks) as servers:
        data = write_questions(tmp_path / "data", 12)
        config_of(servers, data, tmp_path / "out")
        printed = home.run("revisual bridge --config data/bridge.yaml")
        assert printed.out.strip().endswith("out/samples.jsonl")
        asked = len(servers.calls)
        home.run("revisual bridge --config data/bridge.yaml")
        assert len(servers.calls) == asked > 36  # 503s were asked again, and the second call asked nothing
    assert len(home.read("out/samples.jsonl").splitlines()) == 12


def test_sources_are_curated_without_a_benchmarks_questions(tmp_path):
    home = Terminal(tmp_path)
    sums = [{"id": str(k), "question": f"What is {17 + k} times {3 * k + 2}?", "answer": "1"} for k in range(30)]
    leaked = {"id": "leak", "question": "How many apples does Ada have left after she eats 3 of 12?", "answer": "9"}
    home.write("data/sums.jsonl", "".join(json.dumps(row) + "\n" for row in [*sums, leaked]))
    home.write("benchmarks/gsm8k/test.jsonl", json.dumps(leaked | {"solution": "12 - 3 = 9"}) + "\n")
    shutil.copy(FILES / "curate.yaml", tmp_path)
    printed = home.run("revisual curate --config curate.yaml")
    assert printed.out.strip().endswith("out/card.html") and (tmp_path / "out/card.html").is_file()
    dropped = "".join(path.read_text() for path in (tmp_path / "out").rglob("dropped.jsonl"))
    assert '"leak"' in dropped.replace("sums/leak", "leak") and "gsm8k" in dropped


# 7. Mistakes in a config

MISTAKES = {
    "--model.init_args.sampling.group_siz 4": ("group_siz", "did you mean group_size"),
    "--modle GRPOModule": ("modle", "did you mean model"),
    "--model.init_args.advantage_filter PAD": ("advantage_filter", "'PAD'", "PrioritizedAdvantageDistillation"),
    "--model.init_args.sampling.group_size 0": ("group_size", "0"),
    "--config data/mistake.yaml": ("mistake.yaml", "is no YAML"),
}


def test_mistakes_are_one_line(home):
    home.run("revisual init --template grpo --out pictures")
    own = home.cd("pictures")
    own.write("data/mistake.yaml", "trainer: {max_steps: 1\n")
    for words, said in MISTAKES.items():
        own.refuse(f"revisual fit --config grpo.yaml --config ../grpo_on_cpu.yaml {words}", *said)
    assert not (own.folder / "out").exists()
    own.refuse("revisual fti --config grpo.yaml", "fti", "fit")
