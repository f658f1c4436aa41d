import json
from pathlib import Path

import pytest
import yaml
from transformers import AutoTokenizer

from revisual.cli.main import main
from revisual.data.prompting import read_prompting

QUICKSTART = Path(__file__).parents[2] / "configs" / "quickstart"
CALLBACKS = [{"class_path": "HFExport"}, {"class_path": "MetricsFile"}, {"class_path": "ResponseLog"}]


def task(name, count, seed=0):
    return {"class_path": name, "init_args": {"count": count, "seed": seed}}


def write(folder, **configs):
    for name, config in configs.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(config))


def stage(train, batch_size, **model):
    trainer = {"max_steps": 2, "callbacks": CALLBACKS}
    logger = {"class_path": "lightning.pytorch.loggers.CSVLogger", "init_args": {"save_dir": ".", "name": "logs"}}
    data = {"init_args": {"batch_size": batch_size, "train": train}}
    model = {"init_args": {"eval_sampling": {"max_new_tokens": 8}, **model}}
    return {"trainer": {**trainer, "logger": logger}, "data": data, "model": model}


def small_quickstart(folder):
    """The quickstart's own configs under a few that make it tiny."""
    sizes = {"hidden": 32, "layers": 1, "heads": 1, "key_value_heads": 1, "intermediate": 32, "vision_hidden": 32}
    sizes |= {"vision_heads": 1, "vision_depth": 1}
    test = {
        "trainer": {"callbacks": CALLBACKS},
        "model": {
            "class_path": "SFTModule",
            "init_args": {
                "policy": {"class_path": "PretrainedPolicy", "init_args": {"path": None}},
                "eval_sampling": {
                    "max_new_tokens": 8,
                    "test": {"greedy": {"temperature": 0.0}, "sampled": {"n": 2}},
                },
            },
        },
        "data": {
            "class_path": "PromptDataModule",
            "init_args": {"test": [task("ShapesTask", 4, seed=9), task("ArithmeticTask", 4, seed=9)]},
        },
    }
    write(
        folder,
        tiny={"architecture": sizes, "data": [task("ArithmeticTask", 40), task("ShapesTask", 40)]},
        few_examples=stage([task("ArithmeticTask", 8)], 4, system_prompt="First."),
        few_prompts=stage(
            [task("ShapesTask", 4)], 2, sampling={"group_size": 2, "max_new_tokens": 8}, system_prompt="Second."
        ),
        test=test,
        pipeline={
            "out": str(folder / "out"),
            "prepare": "tiny.yaml",
            "shared": [str(QUICKSTART / "common.yaml")],
            "evaluation": ["test.yaml"],
            "stages": [
                {"name": "cold_start", "config": [str(QUICKSTART / "cold_start.yaml"), "few_examples.yaml"]},
                {"name": "multimodal_rl", "config": [str(QUICKSTART / "multimodal_rl.yaml"), "few_prompts.yaml"]},
            ],
        },
    )
    return folder / "pipeline.yaml"


def assert_asked_as_trained(out):
    """Each stage's export asks with that stage's own prompt, once, also by stock tools."""
    for stage, prompt in (("01_cold_start", "First."), ("02_multimodal_rl", "Second.")):
        tokenizer = AutoTokenizer.from_pretrained(out / stage / "export")
        text = tokenizer.apply_chat_template([{"role": "user", "content": "?"}], tokenize=False)
        assert read_prompting(str(out / stage / "export")).system_prompt == prompt
        assert text.count("<|im_start|>system") == 1 and text.count(prompt) == 1
        assert not any(other in text for other in {"First.", "Second."} - {prompt})
        log = (out / stage / "evaluation" / "log.txt").read_text()
        assert log.count("is not the one that the policy's export was trained with") == 1  # common.yaml says null


@pytest.mark.slow
def test_the_quickstart_with_a_few_steps(tmp_path, capfd):
    assert main(["pipeline", "--config", str(small_quickstart(tmp_path))]) == 0, capfd.readouterr().err
    out = tmp_path / "out"
    metrics = json.loads((out / "metrics.json").read_text())
    first, second = metrics["stages"]
    assert first["after"] == second["before"] and first["status"] == second["status"] == "finished"
    measured = {f"test/{how}/{source}/accuracy" for how in ("greedy", "sampled") for source in ("shapes", "arithmetic")}
    assert measured <= first["before"].keys() and measured <= second["after"].keys()
    assert first["peak_memory_mib"] > 100 and first["tokens"] > 0 and second["tokens"] > 0
    assert_asked_as_trained(out)
    report = (out / "report.html").read_text()
    assert "Reward" in report and "Loss" in report and report.count("data:image/png") == 3
    assert main(["pipeline", "--config", str(tmp_path / "pipeline.yaml")]) == 0
    assert "multimodal_rl: finished before" in capfd.readouterr().err
