"""`revisual bridge` against two servers, from the command line to samples that training reads."""

import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest
import yaml
from client.chat_server import Response, says
from data.test_prompts import attached
from data_recipes.bridging.servers import THOUGHTS, Servers, lines, number, run, sees, step, thinks, write_questions
from PIL import Image

from revisual.cli.main import main
from revisual.client.journal import read_journal
from revisual.data.readers import JSONLReader, ParquetReader, read_all
from revisual.data.sft import SFTDataModule, response_text
from revisual.data_recipes.bridging.prompts import PromptFiles
from revisual.data_recipes.bridging.work_item import STEPS

CONFIG = Path(__file__).parents[2] / "configs/vision_r1/bridge.yaml"


@pytest.fixture
def data(tmp_path):
    return write_questions(tmp_path / "data", 12)


def test_samples_to_learn_from(data, tmp_path, capsys, encoder):
    out = tmp_path / "out"
    with Servers() as servers:
        assert run(servers, data, out) == 0
    assert len(servers.vlm.calls) == 24 and len(servers.reasoner.calls) == 12
    samples = read_all([JSONLReader(out / "samples.jsonl")])
    assert [sample.id for sample in samples] == [f"things/q{i}" for i in range(12)]
    for i, sample in enumerate(samples):
        assert (sample.question, sample.answer) == (f"How many things, {i}?", str(i + 1)) and sample.source == "things"
        assert sample.solution == f"The image shows so. {THOUGHTS.format(i + 1)}"
        assert sample.load_images()[0].size == (20 + i, 20)
    template = "<think>{solution}</think><answer>{answer}</answer>"
    module = attached(SFTDataModule([JSONLReader(out / "samples.jsonl")], response_template=template), encoder)
    module.setup("fit")
    example = module.datasets["train"][3]
    assert encoder.decode(example.response_ids.tolist()) == response_text(samples[3], template)
    assert len(example.prompt.pictures) == 1
    assert str(out / "samples.jsonl") in capsys.readouterr().out


def test_what_is_asked(data, tmp_path):
    """Pictures and a first attempt for the one, words for the other; seeds of their own."""
    with Servers() as servers:
        assert run(servers, data, tmp_path / "out", "--limit=3", "--max_pixels=784") == 0
    for call in servers.vlm.calls:
        picture, text = call.body["messages"][0]["content"]
        assert picture["image_url"]["url"].startswith("data:image/png;base64,") and text["type"] == "text"
        assert call.body["model"] == "vlm"
    described = [call for call in servers.vlm.calls if step(call) == "description"]
    assert {number(call) for call in described} == {0, 1, 2}
    assert all(f"I count {number(call) + 1}." in call.text for call in described)
    for call in servers.reasoner.calls:
        assert isinstance(call.body["messages"][0]["content"], str) and call.body["model"] == "reasoner"
        assert f"There are {number(call) + 1} things." in call.text and "I count" not in call.text
    assert len({call.body["seed"] for call in servers.calls}) == 9


def test_provenance(data, tmp_path):
    """Of each step the model, the prompt, the request and the reply, which the journals hold too."""
    out = tmp_path / "out"
    with Servers() as servers:
        run(servers, data, out, "--limit=2")
    records = {
        record.key: record for name in ("vlm", "reasoner") for record in read_journal(out / f"answers/{name}.jsonl")
    }
    assert len(records) == 6
    texts = {name: prompt.text for name, prompt in PromptFiles().read().items()}
    for i, sample in enumerate(lines(out / "samples.jsonl")):
        assert sample["extra"]["bridge"]["id"] == f"q{i}"
        steps = sample["extra"]["bridge"]["steps"]
        assert list(steps) == list(STEPS[:3])
        for name, origin in steps.items():
            assert origin["model"] == ("reasoner" if name == "reasoning" else "vlm")
            assert origin["prompt_sha256"] == hashlib.sha256(texts[name].encode()).hexdigest()
            record = records[origin["key"]]
            assert record.id == f"things/q{i}/{name}" and record.seed == origin["seed"]
            assert record.response == origin["text"] and origin["completion_tokens"] == len(origin["text"].split())
    settings = json.loads((out / "summary.json").read_text())["settings"]
    assert (
        settings["vlm"]["server"]["model"] == "vlm" and settings["prompts"]["reasoning"]["text"] == texts["reasoning"]
    )


def test_what_is_dropped(data, tmp_path, capsys):
    """Each for its own reason, with the reply that it was dropped for."""

    def see(call):
        return says("I see", "length") if number(call) == 1 and step(call) == "description" else sees(call)

    def think(call):
        n = number(call)
        replies = {
            2: "<think>Let me see.</think>It is \\boxed{99}.",
            3: "<think>Hm.</think>It is \\boxed{4}.",
            4: f"<think>{THOUGHTS.format(5)} So it is \\boxed{{7}}.</think>It is \\boxed{{5}}.",
            5: f"<think>{THOUGHTS.format(6)} 所以答案是六，因为我们数了一遍。</think>It is \\boxed{{6}}.",
            6: f"<think>{THOUGHTS.format(7)} <|image_pad|></think>It is \\boxed{{7}}.",
            7: f"<think>I cannot see the image. {THOUGHTS.format(8)}</think>It is \\boxed{{8}}.",
            8: "<think>And so on and so on",
        }
        return says(replies[n]) if n in replies else thinks(call)

    out = tmp_path / "out"
    with Servers(see, think) as servers:
        assert run(servers, data, out, prompts={"rewriting": None}) == 0
    reasons = {
        line["id"].removeprefix("things/q"): (line["by"], line["reason"]) for line in lines(out / "dropped.jsonl")
    }
    assert reasons == {
        "1": ("description", "cut at the limit of tokens"),
        "2": ("RightAnswer", "wrong answer"),
        "3": ("ThoughtLength", "too short"),
        "4": ("ConsistentThoughts", "the thoughts box another answer"),
        "5": ("Language", "letters of another script"),
        "6": ("PlainThoughts", "holds <|image_pad|>"),
        "7": ("SpeaksOfThePicture", "speaks of 'cannot see the image'"),
        "8": ("reasoning", "the thoughts never end"),
    }
    assert lines(out / "dropped.jsonl")[1]["bridge"]["steps"]["reasoning"]["text"].endswith("\\boxed{99}.")
    summary = json.loads((out / "summary.json").read_text())
    assert summary["counts"] == {"kept": 4, "dropped": 8, "failed": 0} and len(summary["dropped"]) == 8
    assert summary["spent"]["requests"] == len(servers.calls) == 35 and summary["spent"]["tokens"] > 10 * 35
    assert "wrong answer" in capsys.readouterr().out


def test_a_model_rewrites_what_rules_cannot(data, tmp_path):
    """Asked for those alone; one whose rewriting still speaks of words, and one that lost its steps, are dropped."""

    def think(call):
        n = number(call)
        if step(call) == "rewriting":
            again = f"Given the textual information, {THOUGHTS.format(n + 1)}"
            return says({2: again, 3: "It is 4."}[n]) if n in (2, 3) else thinks(call)
        if n in (1, 2, 3):
            return says(f"<think>I cannot see the image. {THOUGHTS.format(n + 1)}</think>\\boxed{{{n + 1}}}")
        return thinks(call)

    out = tmp_path / "out"
    with Servers(reasoner=think) as servers:
        assert run(servers, data, out, "--limit=5") == 0
    asked = Counter(step(call) for call in servers.reasoner.calls)
    assert asked == {"reasoning": 5, "rewriting": 3}
    samples = {sample["id"]: sample for sample in lines(out / "samples.jsonl")}
    assert list(samples) == ["things/q0", "things/q1", "things/q4"]
    assert samples["things/q1"]["solution"] == THOUGHTS.format(2)
    assert list(samples["things/q1"]["extra"]["bridge"]["steps"]) == list(STEPS)
    dropped = {line["id"]: (line["by"], line["reason"]) for line in lines(out / "dropped.jsonl")}
    assert dropped == {
        "things/q2": ("SpeaksOfThePicture", "speaks of 'textual information'"),
        "things/q3": ("rewriting", "more than words changed"),
    }


def test_a_second_call_asks_only_what_failed(data, tmp_path):
    def think(call):
        return Response(400, b"too long") if number(call) == 5 else thinks(call)

    out = tmp_path / "out"
    with Servers(reasoner=think) as servers:
        assert run(servers, data, out) == 0
        assert len(servers.calls) == 36 and len(lines(out / "samples.jsonl")) == 11
        (failed,) = lines(out / "dropped.jsonl")
        assert failed["failed"] and failed["reason"] == "no answer: HTTP 400: too long"
        before = (out / "samples.jsonl").read_text()
        assert run(servers, data, out) == 0
        assert len(servers.calls) == 37 and (out / "samples.jsonl").read_text() == before
        servers.reasoner.answer = thinks
        assert run(servers, data, out) == 0
        assert len(servers.calls) == 38 and len(lines(out / "samples.jsonl")) == 12


def test_what_a_terminal_would_obey_is_not_shown(data, tmp_path, capsys):
    (data / "questions.jsonl").write_text(
        json.dumps({"id": "q0", "question": "How \x1b[31mmany things, 0?", "answer": "1", "images": ["0.png"]})
    )
    with Servers() as servers:
        assert run(servers, data, tmp_path / "out", "--dry_run") == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown and "many things, 0?" in shown


def test_a_prompt_of_ones_own(data, tmp_path):
    """Only what depends on it is asked again."""
    mine = data / "mine.txt"
    mine.write_text("Answer a question about an image. What I see is {description}. {question} Say \\boxed{answer}.")
    with Servers() as servers:
        run(servers, data, tmp_path / "out", "--limit=2")
        assert run(servers, data, tmp_path / "out", "--limit=2", f"--prompts.reasoning={mine}") == 0
    assert len(servers.vlm.calls) == 4 and len(servers.reasoner.calls) == 4
    assert servers.reasoner.calls[-1].text.startswith("Answer a question about an image. What I see is There are")
    assert servers.reasoner.calls[-1].text.endswith("Say \\boxed{answer}.")


def test_a_dry_run_asks_nothing(data, tmp_path, capsys):
    with Servers() as servers:
        assert run(servers, data, tmp_path / "out", "--dry_run") == 0
    assert not servers.calls and not (tmp_path / "out").exists()
    shown = capsys.readouterr().out
    for i in range(3):
        assert f"=== things/q{i} (gold answer: {i + 1})" in shown and f"[picture {data / f'{i}.png'}]" in shown
    assert "things/q3" not in shown and shown.count("How many things, 1?") == 4
    assert shown.count("--- description, vlm") == 3 and shown.count("[the reply of description]") == 3


@pytest.mark.parametrize(("option", "most"), [("--max_requests=13", 13), ("--max_tokens=100", 24)])
def test_a_budget_over_both_servers(data, tmp_path, capsys, option, most):
    """What is finished is written; the next call goes on."""
    out = tmp_path / "out"
    with Servers() as servers:
        assert run(servers, data, out, option) == 2
        assert "is spent; what was answered is kept" in capsys.readouterr().err
        asked = len(servers.calls)
        assert asked == 13 if most == 13 else 5 < asked < most
        assert (out / "samples.jsonl").is_file() and len(lines(out / "samples.jsonl")) <= asked // 3
        assert run(servers, data, out) == 0
    assert len(servers.calls) == 36 and len(lines(out / "samples.jsonl")) == 12


def test_pictures_inside_parquet(data, tmp_path):
    """Bytes are kept as they are; the same picture once."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    Image.new("RGB", (64, 48), "blue").save(data / "blue.jpg")
    jpeg = (data / "blue.jpg").read_bytes()
    rows = [
        {"id": f"p{i}", "question": f"How many things, {i}?", "answer": str(i + 1), "images": [{"bytes": jpeg}]}
        for i in range(2)
    ]
    pq.write_table(pa.Table.from_pylist(rows), data / "questions.parquet")
    readers = [{"class_path": "ParquetReader", "init_args": {"path": "questions.parquet"}}]
    with Servers() as servers:
        assert run(servers, data, tmp_path / "out", data=readers) == 0
    assert [sample.id for sample in ParquetReader(data / "questions.parquet")()] == ["p0", "p1"]
    (kept,) = (tmp_path / "out/pictures").iterdir()
    assert kept.suffix == ".jpeg" and kept.read_bytes() == jpeg


def test_the_shipped_config(data, tmp_path):
    """With the questions and servers of this test."""
    with Servers() as servers:
        options = [f"--vlm.server.base_url={servers.vlm.url}", f"--reasoner.server.base_url={servers.reasoner.url}"]
        options += [f"--root={data}", f"--out={tmp_path / 'out'}", "--limit=2"]
        assert main(["bridge", f"--config={CONFIG}", *options]) == 0
    assert {call.body["model"] for call in servers.calls} == {"Qwen/Qwen2.5-VL-72B-Instruct", "deepseek-ai/DeepSeek-R1"}
    assert all(call.body["stream"] for call in servers.reasoner.calls)
    assert len(lines(tmp_path / "out/samples.jsonl")) == 2
    assert yaml.safe_load(CONFIG.read_text())["filters"]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"data": []}, "data: no reader is given"),
        ({"prompts": {"description": "no.txt"}}, "prompts.description: no.txt: No such file or directory"),
        ({"filters": [{"class_path": "Language", "init_args": {"language": "xx"}}]}, "no language 'xx'"),
        ({"filters": [{"class_path": "RightAnsver"}]}, "RightAnsver"),
        ({"data": [{"class_path": "JSONLReader", "init_args": {"path": "no.jsonl"}}]}, "no.jsonl: no such file"),
        (
            {
                "data": [
                    {
                        "class_path": "JSONLReader",
                        "init_args": {"path": "questions.jsonl", "columns": {"answer": "gold"}},
                    }
                ]
            },
            "questions.jsonl, line 1: column 'gold' does not exist; there are: id, question, answer, images",
        ),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_asked(data, tmp_path, capsys, settings, told):
    with Servers() as servers:
        assert run(servers, data, tmp_path / "out", **settings) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("revisual bridge: ") and told in line and not servers.calls


def test_two_servers_do_not_share_a_key_unasked(data, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    with Servers() as servers:
        assert run(servers, data, tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert "give each a key_env of its own" in error and "secret" not in error and not servers.calls
