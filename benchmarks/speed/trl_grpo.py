"""TRL's side of the GRPO measurements, in an environment of its own: `python trl_grpo.py SETTINGS`."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from datasets import Dataset, Features, Image, Value
from processor import load
from transformers import AutoModelForImageTextToText, TrainerCallback
from trl import GRPOConfig, GRPOTrainer
from workers import Turns


class Clock(TrainerCallback):
    """Takes turns."""

    def __init__(self) -> None:
        self.turns = Turns()

    def on_step_begin(self, *_, **__) -> None:
        self.turns.begin()

    def on_step_end(self, *_, **__) -> None:
        self.turns.end()


def reward(completions, answer, **_) -> list[float]:
    texts = [completion[0]["content"] for completion in completions]
    return [float(a in text) + 0.01 * sum(c.isdigit() for c in text) for text, a in zip(texts, answer, strict=True)]


def dataset(folder: Path) -> Dataset:
    """The prompts of FOLDER/prompts.jsonl, each with its picture."""
    rows = [json.loads(line) for line in (folder / "prompts.jsonl").read_text().splitlines()]
    return Dataset.from_dict(
        {
            "prompt": [[{"role": "user", "content": row["question"]}] for row in rows],
            "answer": [row["answer"] for row in rows],
            "image": [str(folder / row["images"][0]) for row in rows],
        },
        features=Features(
            {
                "prompt": [{"role": Value("string"), "content": Value("string")}],
                "answer": Value("string"),
                "image": Image(),
            }
        ),
    )


def grpo_config(max_completion_length: int, **options: Any) -> GRPOConfig:
    """What a measured run is like: answers of one length, plain GRPO without KL, nothing saved or shown."""
    return GRPOConfig(
        max_completion_length=max_completion_length,
        generation_kwargs={"min_new_tokens": max_completion_length},
        beta=0.0,
        temperature=1.0,
        shuffle_dataset=False,
        report_to="none",
        save_strategy="no",
        disable_tqdm=True,
        **options,
    )


def main(settings: dict) -> None:
    folder = Path(settings["folder"])
    config = grpo_config(
        output_dir=tempfile.mkdtemp(),
        use_cpu=True,
        bf16=False,
        per_device_train_batch_size=settings["prompts"] * settings["group"],
        num_generations=settings["group"],
        max_completion_length=settings["new_tokens"],
        max_steps=settings["steps"],
        learning_rate=1e-4,
        gradient_checkpointing=False,
        seed=0,
    )
    policy = AutoModelForImageTextToText.from_pretrained(folder / "policy")
    trainer = GRPOTrainer(
        model=policy,
        reward_funcs=reward,
        args=config,
        train_dataset=dataset(folder),
        processing_class=load(folder / "policy"),
        callbacks=[Clock()],
    )
    trainer.train()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
