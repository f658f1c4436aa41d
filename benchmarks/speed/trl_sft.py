"""TRL's side of the SFT measurements, in an environment of its own: `python trl_sft.py SETTINGS`."""

import json
import sys
import tempfile
from pathlib import Path

from datasets import Dataset
from transformers import AutoModelForImageTextToText, AutoTokenizer, TrainerCallback
from trl import SFTConfig, SFTTrainer
from workers import Turns


class Clock(TrainerCallback):
    """Takes turns, and counts the tokens that are no padding."""

    def __init__(self) -> None:
        self.turns, self.tokens = Turns(), 0

    def on_step_begin(self, *_, **__) -> None:
        self.turns.begin()

    def on_step_end(self, *_, **__) -> None:
        self.turns.end(tokens=self.tokens)


def main(settings: dict) -> None:
    folder, clock = Path(settings["folder"]), Clock()
    rows = [json.loads(line) for line in (folder / "texts.jsonl").read_text().splitlines()]
    data = Dataset.from_list(
        [
            {
                "prompt": [{"role": "user", "content": row["question"]}],
                "completion": [
                    {
                        "role": "assistant",
                        "content": f"<think>{row['solution']}</think>\\boxed{{{row['answer']}}}",
                    }
                ],
            }
            for row in rows
        ]
    )
    packing = settings["packing"]
    config = SFTConfig(
        output_dir=tempfile.mkdtemp(),
        use_cpu=True,
        bf16=False,
        per_device_train_batch_size=3 if packing else settings["batch"],  # packed rows: about as many tokens a step
        max_steps=settings["steps"],
        max_length=2048 if packing else None,
        packing=packing,
        learning_rate=1e-4,
        gradient_checkpointing=False,
        report_to="none",
        save_strategy="no",
        disable_tqdm=True,
        seed=0,
    )
    trainer = SFTTrainer(
        model=AutoModelForImageTextToText.from_pretrained(folder / "policy"),
        args=config,
        train_dataset=data,
        processing_class=AutoTokenizer.from_pretrained(folder / "policy"),
        callbacks=[clock],
    )
    compute_loss = trainer.compute_loss

    def counted(model, inputs, *args, **kwargs):
        mask = inputs.get("attention_mask")
        clock.tokens = int(mask.sum()) if mask is not None else inputs["input_ids"].numel()
        return compute_loss(model, inputs, *args, **kwargs)

    trainer.compute_loss = counted
    trainer.train()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
