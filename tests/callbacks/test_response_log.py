"""Answers of test and predict."""

import json

from training.helpers import Given, grpo, quiet_trainer, some_samples

from revisual.callbacks import ResponseLog
from revisual.data.prompts import PromptDataModule
from revisual.rollout.engine import Sampling


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_response_log(policy_folder, tmp_path):
    given = [Given(some_samples(3))]
    data = PromptDataModule(test=given, predict=given, evaluation_batch_size=2)
    module = grpo(policy_folder, test={"one": Sampling(temperature=0.0), "two": Sampling(n=2)})
    trainer = quiet_trainer(default_root_dir=tmp_path, callbacks=[ResponseLog("answers/responses.jsonl")])
    for _ in range(2):  # a second run starts the file anew
        trainer.test(module, data, verbose=False)
    records = lines(tmp_path / "answers" / "responses.jsonl")
    answers = [a for batch in trainer.predict(module, data) for a in batch]
    assert records == lines(tmp_path / "answers" / "responses.jsonl") and len(records) == 9
    assert sorted((r["id"], r["sampling"], r["index"], r["response"]) for r in records) == sorted(
        (a.id, a.sampling, a.index, a.response) for a in answers
    )
    assert {r["question"] for r in records} == {s.question for s in given[0]()}
