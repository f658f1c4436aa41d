"""`fit`, `validate` and `predict` as commands, and bad data on the way."""

import json
import shutil

import pytest
import yaml
from conftest import picture

from revisual.cli.main import main
from revisual.data.prompting import Prompting
from revisual.models.export import export_policy

ROW = {"id": "a", "question": "What is 1 + 1?", "answer": "2", "solution": "1 + 1 = 2"}


class Bench:
    """A tiny policy, a data file and a config of a run."""

    def __init__(self, home, policy_folder):
        self.home, self.policy, self.data = home, policy_folder, {"batch_size": 2}
        self.model = {"eval_sampling": {"max_new_tokens": 4}}
        self.rows(*({**ROW, "id": str(k)} for k in range(4)))

    def rows(self, *rows):
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        (self.home / "data.jsonl").write_text("\n".join(lines) + "\n")

    def run(self, command, module="SFTModule", **trainer):
        reader = [{"class_path": "JSONLReader", "init_args": {"path": "data.jsonl", "source": "sums"}}]
        policy = {"class_path": "PretrainedPolicy", "init_args": {"path": str(self.policy)}}
        data = "SFTDataModule" if module == "SFTModule" else "PromptDataModule"
        splits = dict.fromkeys(("train", "validation", "test", "predict"), reader)
        options = {
            "accelerator": "cpu", "devices": 1, "max_steps": 2, "max_epochs": -1, "logger": False,
            "default_root_dir": str(self.home / "run"), "enable_checkpointing": False, "enable_progress_bar": False,
            "enable_model_summary": False, "num_sanity_val_steps": 0,
        }  # fmt: skip
        config = {
            "trainer": options | trainer,
            "model": {"class_path": module, "init_args": {"policy": policy, **self.model}},
            "data": {"class_path": data, "init_args": {**splits, "root": str(self.home), **self.data}},
        }
        (self.home / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
        return main([command, "--config", str(self.home / "config.yaml")])


@pytest.fixture
def bench(tmp_path, policy_folder):
    return Bench(tmp_path, policy_folder)


@pytest.mark.parametrize("module", ["SFTModule", "GRPOModule"])
def test_predict_writes_responses(bench, module):
    assert bench.run("predict", module, callbacks=[{"class_path": "ResponseLog"}]) == 0
    lines = [json.loads(line) for line in (bench.home / "run" / "responses.jsonl").read_text().splitlines()]
    assert [line["id"] for line in lines] == ["0", "1", "2", "3"]
    assert {line["source"] for line in lines} == {"sums"} and all(0 < line["length"] <= 4 for line in lines)


def test_an_export_is_asked_as_it_was_trained_unless_the_config_says_how(bench, sensitive_policy, processor, capsys):
    export_policy(sensitive_policy, processor, bench.home / "stock")
    export_policy(sensitive_policy, processor, bench.home / "export", prompting=Prompting("Be brief."))

    def responses(folder, **model):
        bench.policy, bench.model = bench.home / folder, {"eval_sampling": {"max_new_tokens": 8}, **model}
        assert bench.run("predict", callbacks=[{"class_path": "ResponseLog"}]) == 0
        lines = (bench.home / "run" / "responses.jsonl").read_text().splitlines()
        return [json.loads(line)["response"] for line in lines], capsys.readouterr().out

    briefly, told = responses("stock", system_prompt="Be brief.")
    assert "system prompt" not in told
    bare, _ = responses("stock", system_prompt=None)
    answered, told = responses("export")
    assert answered == briefly != bare and "asked with the system prompt of" in told
    answered, told = responses("export", system_prompt=None)
    assert answered == bare and told.count("is not the one that the policy's export was trained with") == 1


@pytest.mark.parametrize("module", ["SFTModule", "GRPOModule"])
def test_validate_measures(bench, module):
    assert bench.run("validate", module, callbacks=[{"class_path": "MetricsFile"}]) == 0
    metrics = json.loads((bench.home / "run" / "metrics.json").read_text())["metrics"]
    assert 0 < metrics["val/greedy/sums/length"] <= 4 and "val/greedy/all/accuracy" in metrics


def test_responses_are_written_by_predict_without_being_asked(bench):
    assert bench.run("predict") == 0
    assert len((bench.home / "run" / "responses.jsonl").read_text().splitlines()) == 4


def test_measuring_leaves_the_metrics_of_training(bench):
    run, listed = bench.home / "run", [{"class_path": "MetricsFile"}]
    assert bench.run("fit", callbacks=listed) == 0
    trained = (run / "metrics.json").read_bytes()
    assert bench.run("validate", callbacks=listed) == bench.run("test", callbacks=listed) == 0
    assert (run / "metrics.json").read_bytes() == trained and json.loads(trained)["command"] == "fit"
    for command in ("validate", "test"):
        assert json.loads((run / f"{command}_metrics.json").read_text())["command"] == command


@pytest.mark.parametrize("name", ["gpu", "cuda"])
def test_a_missing_gpu_is_one_line(bench, capsys, monkeypatch, name):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    line = told(bench, capsys, accelerator=name)
    told_of = f"trainer.accelerator: {name}: no GPU is found on this machine"
    assert line == f"revisual fit: {told_of}; auto or cpu runs without one"


def told(bench, capsys, command="fit", **options):
    """The one line, after what Lightning says of itself and its warnings."""
    assert bench.run(command, **options) == 2
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err + captured.out
    (line,) = [line for line in captured.err.splitlines() if line.startswith("revisual ")]
    assert captured.err.endswith(f"{line}\n")
    return line


def spoil(home, kind):
    """A picture file of some kind that cannot be decoded; returns its name."""
    if kind == "half":
        picture(64, 64).save(home / "half.png")
        content = (home / "half.png").read_bytes()
        (home / "half.png").write_bytes(content[: len(content) // 2])
    elif kind == "text":
        (home / "text.png").write_text("no picture")
    return f"{kind}.png"


@pytest.mark.parametrize("kind", ["lost", "text", "half"])
@pytest.mark.parametrize("module", ["SFTModule", "GRPOModule"])
def test_a_picture_that_cannot_be_decoded_is_dropped_and_counted_before_training(bench, caplog, module, kind):
    bad = {**ROW, "id": "b", "images": [spoil(bench.home, kind)]}
    bench.rows(*({**ROW, "id": str(k)} for k in range(4)), bad)
    assert bench.run("fit", module) == 0
    (said,) = {r.getMessage() for r in caplog.records if r.getMessage().startswith("data.train: 1 samples dropped")}
    assert "sample 'b'" in said and f"{kind}.png" in said


def test_nothing_but_broken_pictures_is_one_line(bench, capsys):
    bench.rows(*({**ROW, "id": str(k), "images": ["lost.png"]} for k in range(4)))
    line = told(bench, capsys)
    assert "data.train: no sample has pictures that can be decoded" in line and "lost.png" in line


def test_a_fault_within_the_training_loop(bench, capsys):
    assert bench.run("fit", accumulate_grad_batches=2) == 2
    assert "revisual fit: trainer.accumulate_grad_batches: 2: a batch is one optimizer" in capsys.readouterr().err


def test_a_broken_line(bench, capsys):
    bench.rows(ROW, '{"id": "b", "question": ')
    line = told(bench, capsys)
    assert f"{bench.home / 'data.jsonl'}, line 2: broken JSON at column" in line


def test_an_empty_answer(bench, capsys):
    bench.rows(ROW, {**ROW, "id": "b", "answer": ""})
    line = told(bench, capsys)
    assert f"{bench.home / 'data.jsonl'}, line 2" in line and "answer" in line


def test_a_vision_token_in_a_question(bench, capsys):
    bench.rows(ROW, {**ROW, "id": "b", "question": "What is <|video_pad|>?"})
    assert "sample b: its text holds <|video_pad|>" in told(bench, capsys, "predict")


def test_prompts_over_the_limit(bench, capsys, caplog):
    long = {**ROW, "id": "b", "question": ROW["question"] * 50}
    bench.rows(ROW, {**ROW, "id": "c"}, long)
    bench.data["max_prompt_tokens"] = 300
    assert bench.run("predict") == 0
    assert "data.predict: 1 of 3 samples are too long and dropped" in caplog.text
    assert "max_prompt_tokens is 300" in caplog.text and "max_response_tokens" not in caplog.text
    bench.rows(long)
    assert "data.predict: none of the 1 samples is within the limits" in told(bench, capsys, "predict")


def test_a_model_folder_without_a_processor(bench, capsys, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bare")
    for name in ("config.json", "model.safetensors"):
        shutil.copy(bench.policy / name, folder / name)
    bench.policy = folder
    assert f"{folder}: no processor could be loaded from this model folder" in told(bench, capsys)


def test_a_number_that_a_class_refuses(bench, capsys):
    bench.model["advantage_filter"] = {"class_path": "PrioritizedAdvantageDistillation", "init_args": {"ratio": 0.0}}
    line = told(bench, capsys, module="GRPOModule")
    assert "ratio" in line and "0.0" in line and "Union" not in line


def test_a_folder_without_a_model(bench, capsys):
    bench.policy = bench.home
    assert str(bench.home) in told(bench, capsys)
