"""Answers by a policy in this process."""

import copy
import json

import pytest

from revisual.cli.main import main
from revisual.client.journal import Journal
from revisual.client.request import Decoding
from revisual.core.errors import UserError
from revisual.data.prompting import Prompting
from revisual.data.sample import Sample
from revisual.evaluation.answers import read_answers
from revisual.evaluation.policy_responder import PolicyResponder, load_responder, weights_hash
from revisual.evaluation.presets import REVISUAL_R1
from revisual.evaluation.questions import Asking
from revisual.models.export import export_policy
from revisual.models.policy import PretrainedPolicy
from revisual.rollout.hf.engine import HFRollout

from .sums import CUSTOM, SUMS, write_sums

DECODING = Decoding(temperature=1.0, top_p=0.9, max_tokens=6)


@pytest.fixture(scope="module")
def items(tmp_path_factory):
    return list(SUMS.items(write_sums(tmp_path_factory.mktemp("sums") / "data", 5)))


def responder(folder, rows=4, decoding=DECODING):
    return PolicyResponder(PretrainedPolicy(str(folder)), decoding, rows)


def ask(responder, requests, path):
    with Journal(path) as journal:
        return {(record.id, record.sample_index): record for record in responder.answers(requests, journal)}


def test_every_request_is_answered_once(policy_folder, items, tmp_path):
    """Three answers to each of five questions, two with a picture, in batches that cut groups apart."""
    requests = list(Asking(REVISUAL_R1, n=3).requests(SUMS, items))
    found = ask(responder(policy_folder), requests, tmp_path / "a.jsonl")
    assert sorted(found) == [(f"s{i}", j) for i in range(5) for j in range(3)]
    for record in found.values():
        assert 1 <= record.completion_tokens <= 6 and record.finish_reason in ("stop", "length") and not record.error
        assert (record.completion_tokens == 6) or record.finish_reason == "stop"
    assert found["s0", 0].prompt_tokens > found["s1", 0].prompt_tokens + 1  # the picture

    again = responder(policy_folder)
    again.engine = HFRollout()  # without a policy, it could not answer anything
    assert ask(again, requests, tmp_path / "a.jsonl") == found


def test_answers_do_not_depend_on_the_batches(policy_folder, items, tmp_path):
    requests = list(Asking(REVISUAL_R1, n=3).requests(SUMS, items))
    first = ask(responder(policy_folder, rows=4), requests, tmp_path / "a.jsonl")
    with Journal(tmp_path / "b.jsonl") as journal:
        for key in list(first)[::2]:
            journal.append(first[key])
    second = ask(responder(policy_folder, rows=64), requests, tmp_path / "b.jsonl")
    assert {key: record.response for key, record in second.items()} == {key: r.response for key, r in first.items()}


def test_another_policy_under_the_same_name_answers_anew(policy_folder, tmp_path):
    folder = tmp_path / "policy"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"one")
    one = weights_hash(folder)
    (folder / "model.safetensors").write_bytes(b"two")
    assert weights_hash(folder) != one and weights_hash(folder / "hub_name") == ""
    assert str(policy_folder) in responder(policy_folder).identity


def test_a_picture_that_is_gone_is_a_failure(policy_folder, items, tmp_path):
    write_sums(tmp_path / "data", 5)
    items = list(SUMS.items(tmp_path / "data"))
    (tmp_path / "data/red.png").unlink()
    found = ask(responder(policy_folder), list(Asking(REVISUAL_R1).requests(SUMS, items)), tmp_path / "a.jsonl")
    assert {id for (id, _), record in found.items() if record.is_failed} == {"s0", "s3"}
    assert "red.png does not exist" in found["s0", 0].error


class Choosy(HFRollout):
    """Takes no questions about 1 + 1."""

    def generate(self, prompts, sampling, max_new_tokens, seeds):
        if any(prompt.id == "s1" for prompt in prompts):
            raise UserError("prompt s1 is too long")
        return super().generate(prompts, sampling, max_new_tokens, seeds)


def test_a_prompt_that_the_engine_refuses_is_a_failure_of_its_own(policy_folder, items, tmp_path):
    requests = list(Asking(REVISUAL_R1, n=2).requests(SUMS, items))
    choosy = PolicyResponder(PretrainedPolicy(str(policy_folder)), DECODING, 16, Choosy(max_rows=16))
    found = ask(choosy, requests, tmp_path / "a.jsonl")
    assert {key for key, record in found.items() if record.is_failed} == {("s1", 0), ("s1", 1)} and len(found) == 10
    assert found["s1", 0].error == "prompt s1 is too long"
    plain = ask(responder(policy_folder), requests, tmp_path / "b.jsonl")
    assert all(found[key].response == plain[key].response for key in found if key[0] != "s1")


@pytest.mark.parametrize(("options", "named"), [({"rows": 0}, "rows"), ({"decoding": Decoding(extra={"a": 1})}, "'a'")])
def test_bad_settings(options, named, policy_folder):
    with pytest.raises(UserError, match=named):
        responder(policy_folder, **options)


def test_command(policy_folder, tmp_path):
    data, out = write_sums(tmp_path / "data", 4), tmp_path / "out"
    words = [f"--model={policy_folder}", f"--custom={CUSTOM}", f"--data={data}", f"--out={out}", "--max_tokens=4"]
    assert main(["evaluate", *words, "--n=2", "--temperature=1"]) == 0
    answers = list(read_answers(out / "results.jsonl"))
    assert [(answer.item_id, answer.sample_index) for answer in answers] == [
        (f"s{i}", j) for i in range(4) for j in (0, 1)
    ]
    assert all(answer.tokens is not None and not answer.is_failed for answer in answers)
    settings = json.loads((out / "metrics.json").read_text())["settings"]
    assert settings["model"] == str(policy_folder) and settings["base_url"] is None


def test_an_export_is_told_what_its_chat_template_was_told_in_training(policy, processor, tmp_path):
    processor = copy.deepcopy(processor)
    reads = processor.chat_template + "{% if enable_thinking is defined %}{{ enable_thinking }}{% endif %}"
    processor.chat_template = processor.tokenizer.chat_template = reads
    asked = Prompting(None, chat_template_kwargs={"enable_thinking": False})
    export_policy(policy, processor, tmp_path / "export", prompting=asked)
    found = load_responder(str(tmp_path / "export"), DECODING, 4)
    assert found.encoder.chat_template_kwargs == {"enable_thinking": False}
    assert found.encoder.render(Sample("a", "What?")).endswith("False")
