import json
import re

import pytest
from PIL import Image

from revisual.core.errors import UserError
from revisual.report.pipeline import write_pipeline_report
from revisual.report.rollouts import RolloutExample

from .parsing import parse

ATTACK = "\"'><script>alert(1)</script><img src=https://example.org/x onerror=alert(2)>"


def scores(text, shapes):
    found = {}
    for setting in ("sampled", "greedy"):
        for source, value in (("arithmetic", text), ("shapes", shapes)):
            key = f"test/{setting}/{source}/accuracy"
            found |= {key: value, key + "_low": value - 0.05, key + "_high": value + 0.06}
        found[f"test/{setting}/all/format"] = 0.5 + text / 2
    return found


def run_metrics():
    names = ["base", "cold_start", "multimodal_rl", "text_rl"]
    values = [scores(0.1, 0.1), scores(0.4, 0.3), scores(0.5, 0.7), scores(0.7, 0.6)]
    stages = [
        {"name": name, "before": values[max(0, i - 1)], "after": values[i], "seconds": 60.0 * i, "tokens": 1000 * i}
        for i, name in enumerate(names)
    ]
    return {"stages": stages, "seed": 3, "versions": {"torch": "2.11"}}


def written(tmp_path, metrics, curves=None, samples=()):
    path = tmp_path / "report.html"
    write_pipeline_report(metrics, curves or {}, samples, path)
    text = path.read_text(encoding="utf-8")
    return text, parse(text)


def test_a_whole_run(tmp_path):
    steps = [float(i) for i in range(50)]
    curves = {
        "cold_start": {"train/loss": (steps, [1 / (i + 1) for i in steps])},
        "multimodal_rl": {"train/reward": (steps, [(i % 7) / 7 for i in steps])},
        "text_rl": {"train/reward": (steps, [(i % 5) / 5 for i in steps])},
    }
    samples = [RolloutExample("q", "<think>t</think>a", "a", 1.0, "text_rl", [Image.new("RGB", (8, 8), "red")])]
    _, tree = written(tmp_path, json.loads(json.dumps(run_metrics())), curves, samples)
    assert [node.words for node in tree.all("h2")] == [
        "Results",
        "Across the stages",
        "Cold start",
        "Multimodal RL",
        "Text RL",
        "Example rollouts",
        "Setup",
    ]
    assert [tile.words for tile in tree.all("span", class_="value")] == [
        "70.0%",
        "60.0%",
        "70.0%",
        "60.0%",
        "6 min 00 s",
    ]
    captions = [node.words for node in tree.all("figcaption")]
    assert captions.count("Reward, train") == 1 and captions.count("Reward") == 2
    assert "Accuracy after each stage, sampled" in captions and "Accuracy after each stage, greedy" in captions
    assert len(tree.all("article")) == 1 and len(tree.all("path", class_="band")) == 4


def test_nothing_leads_out_of_the_file_and_nothing_runs(tmp_path):
    metrics = run_metrics()
    metrics["stages"][1]["name"] = metrics["seed"] = metrics["stages"][2]["status"] = ATTACK
    metrics["stages"][3]["after"][f"test/sampled/{ATTACK}/accuracy"] = 0.5
    metrics["versions"] = {ATTACK: ATTACK}
    curves = {ATTACK: {f"train/{ATTACK}/reward": ([0.0, 1.0], [0.0, 1.0]), ATTACK: ([0.0], [1.0])}}
    samples = [RolloutExample(ATTACK, ATTACK, ATTACK, 0.5, ATTACK, [Image.new("RGB", (8, 8))])]
    text, tree = written(tmp_path, metrics, curves, samples)
    tags = re.findall(r"<[a-zA-Z][^<>]*>", text)
    assert not [tag for tag in tags if re.search(r"\b(?:https?:|url\(|srcset)|\son\w+=", re.sub(r'"[^"]*"', '""', tag))]
    assert not tree.all("script") and not tree.all("link") and not tree.all("iframe")
    assert all(image.attributes["src"].startswith("data:image/png;base64,") for image in tree.all("img"))
    assert all(link.attributes["href"].startswith("#") for link in tree.all("a"))
    assert ATTACK in tree.all("article")[0].words


def test_an_honest_report_names_no_address(tmp_path):
    text, _ = written(tmp_path, run_metrics(), {"text_rl": {"train/loss": ([0.0, 1.0], [1.0, 0.0])}})
    assert not re.search(r"https?://|src=|@import|url\(", text)


@pytest.mark.parametrize(
    "metrics",
    [
        {"stages": []},
        {"stages": [{"name": "base"}]},
        {
            "stages": [
                {"name": "base", "before": {}, "after": None, "status": "failed"},
                {"name": "next", "seconds": None},
            ]
        },
        {"stages": [{"name": "base", "after": {"accuracy": 0.0}}, {"name": "next", "after": {"accuracy": 0.0}}]},
        {"stages": [{"name": "base"}, {"name": "next", "after": {"test/greedy/maps/accuracy": float("nan")}}]},
        {"stages": [{"name": "base"}, {"name": "next", "after": {"test/greedy/maps/accuracy": 0.5}}], "versions": None},
    ],
)
def test_runs_with_little_to_show(tmp_path, metrics):
    _, tree = written(tmp_path, metrics, {"base": {}, "next": {"train/loss": ([], [])}})
    assert tree.all("h1") and tree.all("table")


def test_an_earlier_score_does_not_stand_for_a_last_stage_that_failed(tmp_path):
    metrics = run_metrics()
    metrics["stages"][-1]["after"] = {}
    _, tree = written(tmp_path, metrics)
    assert [tile.words for tile in tree.all("span", class_="value")][:4] == ["-"] * 4


def test_metrics_that_are_none_are_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(UserError):
        write_pipeline_report({}, {}, [], tmp_path / "report.html")
    assert not list(tmp_path.iterdir())
