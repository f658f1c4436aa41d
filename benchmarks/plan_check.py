"""What `revisual plan` says of a run's memory beside what the run takes, on a CPU.

    python benchmarks/plan_check.py --out benchmarks/results

Each case makes an untrained Qwen2.5-VL and data of exactly the limits' lengths, plans the run, and then trains for two
optimizer steps in a fresh process, on one thread. Measured is the peak of the resident memory above what the process
held when everything was imported. Prints a table; writes OUT/plan_check.json.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parent / "speed"))
from workers import ONE_THREAD, machine, table


@dataclass(frozen=True)
class Case:
    """A run: its model's sizes, its data's, and its settings."""

    module: str
    architecture: dict[str, Any]
    prompt: int = 64
    response: int = 512
    picture: int = 0
    batch: int = 2
    passes: int = 1
    group: int = 4
    max_rows: int = 256
    policy: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    precision: str = "32-true"


WIDE = {"hidden": 1024, "layers": 3, "heads": 8, "key_value_heads": 2, "intermediate": 2816, "vocabulary": 60_000}
DEEP = {"hidden": 512, "layers": 16, "heads": 8, "key_value_heads": 2, "intermediate": 1408, "vocabulary": 32_000}
LARGE = {"hidden": 768, "layers": 4, "heads": 6, "key_value_heads": 2, "intermediate": 2048, "vocabulary": 152_064}
SEEING = DEEP | {"layers": 6, "vision_hidden": 640, "vision_depth": 8, "vision_heads": 8, "max_pixels": 700**2}
CHECKPOINTED = {"gradient_checkpointing": True}

CASES = {
    "SFT, wide": Case("SFT", WIDE | {"tied": False}, prompt=300, response=250),
    "SFT, deep": Case("SFT", DEEP, prompt=600, response=200),
    "SFT, deep, checkpointing": Case("SFT", DEEP, prompt=1500, response=200, policy=CHECKPOINTED),
    "SFT, deep, LoRA": Case("SFT", DEEP, prompt=700, response=200, policy={"lora": {"rank": 16}}),
    "SFT, large vocabulary": Case("SFT", LARGE, prompt=300, response=100, batch=4, passes=2),
    "SFT, pictures": Case("SFT", SEEING, prompt=400, response=100, picture=448),
    "SFT, pictures, frozen tower": Case(
        "SFT", SEEING, prompt=900, response=400, picture=448, policy={"freeze": ["vision_tower"]}
    ),
    "GRPO, wide": Case("GRPO", WIDE, response=32, batch=4, passes=2),
    "GRPO, pictures": Case("GRPO", SEEING, prompt=400, response=24, picture=448),
    "GRPO, pictures, checkpointing": Case(
        "GRPO", SEEING, prompt=400, response=24, picture=448, batch=4, policy=CHECKPOINTED
    ),
    "GRPO, large vocabulary, KL": Case(
        "GRPO",
        LARGE | {"layers": 2},
        response=24,
        settings={"kl": {"class_path": "Constant", "init_args": {"value": 0.01}}},
    ),
    "GRPO, LoRA, long prompts": Case(
        "GRPO", DEEP, prompt=1200, response=16, batch=16, group=2, passes=16, policy={"lora": {"rank": 8}}
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--cases", nargs="*", default=list(CASES), choices=list(CASES))
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--prepare", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        return measure(args.child)
    if args.prepare:
        name, folder = json.loads(args.prepare)
        return prepare(CASES[name], Path(folder))
    path = args.out / "plan_check.json"
    known = {row["case"]: row for row in json.loads(path.read_text())["rows"]} if path.is_file() else {}
    for name in args.cases:
        known[name] = compare(name)
        print(table([shown(row) for row in known.values()]), flush=True)
        args.out.mkdir(parents=True, exist_ok=True)
        rows = [known[case] for case in CASES if case in known]
        path.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=2) + "\n")


def compare(name: str) -> dict[str, Any]:
    """A case's row: MB by the plan and measured."""
    with TemporaryDirectory() as made:
        plan = json.loads(call(["--prepare", json.dumps([name, made])]).splitlines()[-1])
        found = json.loads(call(["--child", f"{made}/config.yaml"]).splitlines()[-1])
    phase = max(plan["device"], key=lambda phase: plan["device"][phase]["total"])
    planned = (plan["peak"] + plan["host"]["pictures"]) / 1e6
    return {
        "case": name,
        "parameters": plan["parameters"]["total"],
        "tokens of a pass": plan["tokens_of_the_largest_pass"],
        "fullest": phase,
        "planned, MB": round(planned),
        "measured, MB": round(found["MB"]),
        "planned / measured": round(planned / found["MB"], 3),
        "imports, MB": round(found["imports"]),
        "phases": plan["device"],
    }


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """What the table has of a row."""
    return {key: f"{value:,}" if isinstance(value, int) else value for key, value in row.items() if key != "phases"}


def call(arguments: list[str]) -> str:
    """What a fresh process prints."""
    environment = {**os.environ, **ONE_THREAD}
    done = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True, env=environment)
    if done.returncode:
        raise SystemExit(f"{arguments}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


def measure(config: str) -> None:
    """Trains, and prints the peak above the imports."""
    import torch

    torch.set_num_threads(1)
    import_everything()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    imports = pages * resource.getpagesize() / 1e6
    from revisual.cli.main import main as revisual

    if revisual(["fit", f"--config={config}"]):
        raise SystemExit(1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps({"imports": imports, "MB": peak - imports}))


def import_everything() -> None:
    """What a run imports before it loads a policy."""
    import lightning.pytorch.cli
    import peft
    import transformers.models.qwen2_5_vl.modeling_qwen2_5_vl  # noqa: F401

    import revisual.config.training_cli
    from revisual.config.parts import import_parts

    import_parts()
    assert lightning and peft and revisual


def prepare(case: Case, folder: Path) -> None:
    """Writes model, data and config, with the limits that the data is of; prints the plan."""
    import torch

    from revisual.cli.plan import estimate_run, machine_of
    from revisual.cli.plan_table import as_json
    from revisual.memory_plan.config import configure
    from revisual.memory_plan.workload import Given
    from revisual.models.tiny import TinyArchitecture, save_tiny_policy

    torch.set_num_threads(1)

    texts = [str(number) for number in range(100)]
    save_tiny_policy(folder / "policy", TinyArchitecture(min_pixels=28 * 28, **case.architecture), texts)
    config = settings(case, folder, *write_exact_data(case, folder))
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    with redirect_stdout(sys.stderr):
        configuration = configure([f"--config={folder / 'config.yaml'}"], architecture=None)
    plan = estimate_run(configuration, machine_of(configuration.config, None, 8, None), Given())
    print(json.dumps(as_json(plan, [])))


def write_exact_data(case: Case, folder: Path) -> tuple[int, int]:
    """Writes data of the case's lengths for the policy in FOLDER/policy; tokens of a prompt and of an answer."""
    from revisual.data.encoding import PromptEncoder
    from revisual.data.readers import JSONLReader, read_all
    from revisual.data.sft import THOUGHTS_THEN_BOX, response_text
    from revisual.models.policy import THOUGHT_TOKENS
    from revisual.models.processor import add_tokens, load_processor

    processor = load_processor(str(folder / "policy"))
    add_tokens(processor, THOUGHT_TOKENS)
    encoder = PromptEncoder(processor, "Answer.")
    write_data(case, folder, question=1)
    (sample, *_) = read_all([JSONLReader(path="data.jsonl")], folder)
    write_data(case, folder, question=max(1, case.prompt - encoder.prompt_tokens(sample)))
    (sample, *_) = read_all([JSONLReader(path="data.jsonl")], folder)
    return encoder.prompt_tokens(sample), len(encoder.encode_response(response_text(sample, THOUGHTS_THEN_BOX)))


def write_data(case: Case, folder: Path, question: int) -> None:
    """Samples all of one length: a digit is a token."""
    from PIL import Image

    if case.picture:
        noise = Image.effect_noise((case.picture, case.picture), 64).convert("RGB")
        noise.save(folder / "picture.png")
    rows = ({"id": str(i), "question": "1" * question, "answer": "2", "solution": "3" * case.response,
             "images": ["picture.png"] if case.picture else []} for i in range(4 * case.batch))  # fmt: skip
    (folder / "data.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")


def pass_tokens(case: Case, prompt: int, answer: int) -> int:
    """Tokens of one of an update's equal passes."""
    rows = case.batch * case.group // case.passes
    return -(-rows // case.group) * prompt + rows * (answer if case.module == "SFT" else case.response)


def settings(case: Case, folder: Path, prompt: int, answer: int) -> dict[str, Any]:
    """The run's config."""
    policy = {"class_path": "PretrainedPolicy", "init_args": {"path": str(folder / "policy"), **case.policy}}
    model: dict[str, Any] = {
        "policy": policy,
        "max_tokens_per_pass": pass_tokens(case, prompt, answer),
        "engine": {"class_path": "HFRollout", "init_args": {"max_rows": case.max_rows}},
        "system_prompt": "Answer.",
        **case.settings,
    }
    data: dict[str, Any] = {
        "root": str(folder),
        "batch_size": case.batch,
        "max_prompt_tokens": prompt,
        "train": [{"class_path": "JSONLReader", "init_args": {"path": "data.jsonl"}}],
    }
    if case.module == "SFT":
        data["max_response_tokens"] = answer
    else:
        model["sampling"] = {"group_size": case.group, "max_new_tokens": case.response}
    return {
        "trainer": {
            "accelerator": "cpu",
            "devices": 1,
            "precision": case.precision,
            "max_steps": 2,
            "logger": False,
            "enable_checkpointing": False,
            "enable_progress_bar": False,
            "default_root_dir": str(folder / "out"),
        },
        "model": {"class_path": f"{case.module}Module", "init_args": model},
        "data": {"class_path": f"{case.module.replace('GRPO', 'Prompt')}DataModule", "init_args": data},
    }


if __name__ == "__main__":
    main()
