"""Running a shipped full-size stage as it is, but for what makes it small."""

import csv
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
import yaml
from conftest import picture, small_texts
from training.helpers import examples, fit, sft
from training.ranks import TORCHRUN, free_port

from revisual.callbacks import HFExport
from revisual.data.readers import JSONLReader
from revisual.data.system_prompts import REVISUAL_R1_SYSTEM_PROMPT
from revisual.models.tiny import TinyArchitecture, save_tiny_policy

ROOT = Path(__file__).parents[2]
POLICY = "model.init_args.policy.init_args"
ARCHITECTURE = TinyArchitecture(
    hidden=64, layers=2, heads=2, key_value_heads=1, intermediate=96, vision_hidden=64, vocabulary=400
)

SWAPS = {
    # processes
    "trainer.accelerator": "cpu",
    "trainer.devices": 2,
    "trainer.num_nodes": 1,
    # prompts of a rollout step, and two such steps
    "data.init_args.batch_size": 4,
    "trainer.max_steps": 2,  # times the optimizer steps over a rollout
    # tokens and pixels
    "data.init_args.max_prompt_tokens": 400,
    "data.init_args.max_response_tokens": 48,
    "model.init_args.max_tokens_per_pass": 600,
    "model.init_args.sampling.max_new_tokens": 32,
    "model.init_args.eval_sampling.max_new_tokens": 32,
    "trainer.callbacks.stages.max_new_tokens": 32,
    f"{POLICY}.min_pixels": 3136,
    f"{POLICY}.max_pixels": 12544,
}
"""All that a run changes of a stage, where the stage has it, besides architecture (`path`) and data (`root`)."""

BUILT_IN = {"model.init_args.engine": {"class_path": "HFRollout"}}
"""Where vLLM is not installed."""


@dataclass(frozen=True)
class Stage:
    """The shipped files of a stage."""

    files: tuple[Path, ...]

    @property
    def contents(self):
        """The files' own, the last one's first."""
        return [yaml.safe_load(path.read_text()) for path in reversed(self.files)]

    def get(self, name):
        """The last file's value of a dotted key; None where none has it."""
        return next((found for each in self.contents if (found := value_of(each, name)) is not None), None)

    def says(self, name):
        """Whether a file has the dotted key, be it null."""
        above, _, last = name.rpartition(".")
        return any(last in (value_of(each, above) or {}) for each in self.contents)

    def swaps(self, policy, data, engine):
        """What is written over the stage."""
        changed = {name: value for name, value in SWAPS.items() if self.get(name) is not None}
        changed |= {"trainer.num_nodes": 1, f"{POLICY}.path": str(policy), "data.init_args.root": str(data), **engine}
        changed["trainer.devices"] = min(self.get("trainer.devices"), SWAPS["trainer.devices"])
        changed["trainer.max_steps"] = self.steps
        if any("stages" in (one.get("init_args") or {}) for one in self.get("trainer.callbacks")):
            limit = SWAPS["trainer.callbacks.stages.max_new_tokens"]
            changed["trainer.callbacks"] = [shorten(one, limit) for one in self.get("trainer.callbacks")]
        return changed

    def settings(self, engine):
        """All that a run of it is made of, as text: equal for stages that differ in what is swapped alone."""
        merged = {}
        for content in (*reversed(self.contents), nested(self.swaps("policy", "data", engine))):
            merged = merge(merged, content)
        merged["trainer"]["default_root_dir"] = "out"
        return json.dumps(merged, sort_keys=True)

    @property
    def steps(self):
        return SWAPS["trainer.max_steps"] * (self.get("model.init_args.updates_per_rollout") or 1)

    @property
    def processes(self):
        return min(self.get("trainer.devices"), SWAPS["trainer.devices"])


def value_of(content, name):
    for key in name.split("."):
        content = content.get(key) if isinstance(content, dict) else None
    return content


def merge(below, above):
    """What one config laid over another comes to: a part of another class takes the whole place."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    if "class_path" in above and above["class_path"] != below.get("class_path"):
        return above
    return {**below, **{key: merge(below.get(key), value) for key, value in above.items()}}


def shorten(callback, limit):
    options = callback.get("init_args") or {}
    if "stages" not in options:
        return callback
    return {**callback, "init_args": {"stages": [{**one, "max_new_tokens": limit} for one in options["stages"]]}}


def nested(values):
    """A config of dotted keys."""
    content = {}
    for name, value in values.items():
        *above, last = name.split(".")
        place = content
        for key in above:
            place = place.setdefault(key, {})
        place[last] = value
    return content


# Data and a policy that are right now and then: a stage has something to learn from.


def save_data(folder):
    for name in ("cold_start", "multimodal_rl", "text_rl", "rl"):
        (folder / name).mkdir()
        picture(56, 56).save(folder / name / "picture.png")
        pictured = {"images": ["picture.png"]} if name in ("multimodal_rl", "rl") else {}
        for split, count in (("train", 24), ("validation", 2)):
            rows = [row(k, name) | pictured for k in range(count)]
            (folder / name / f"{split}.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))


def row(k, name):
    answer = 2 + k % 2
    thought = f"1 + {answer - 1} is {answer}"
    return {"id": f"{name}-{k}", "question": "What is it?", "answer": str(answer), "solution": thought}


def save_policy(folder, data, cold_start, family="qwen2_5_vl"):
    """A tiny policy that answers 2 or 3, each about as often, as a cold start would have it answer."""
    texts = [*small_texts(), "<think>1 + 1 is 2</think>"] * 2
    save_tiny_policy(folder / "untrained", ARCHITECTURE, texts, seed=3, family=family)
    readers = [JSONLReader(str(data / name / "train.jsonl")) for name in ("cold_start", "multimodal_rl")]
    template = cold_start.get("data.init_args.response_template")
    form = {} if template is None else {"response_template": template}
    module = sft(
        folder / "untrained",
        optimizer=lambda parameters: torch.optim.AdamW(parameters, lr=5e-3),
        max_tokens_per_pass=24_000,
        system_prompt=None if cold_start.says("model.init_args.system_prompt") else REVISUAL_R1_SYSTEM_PROMPT,
    )
    made = examples([s for reader in readers for s in reader()], batch_size=24, **form)
    fit(module, made, folder, 60, [HFExport()])
    return folder / "export"


# Launching


def run_stage(stage, folder, policy, data, launcher="lightning", engine=BUILT_IN):
    """Run a stage in a folder.

    Gives its logged rows, and the folder of what it exported.
    """
    swaps = stage.swaps(policy, data, engine)
    (folder / "swaps.yaml").write_text(yaml.safe_dump(nested(swaps)))
    words = ["fit", *(f"--config={path}" for path in stage.files), "--config=swaps.yaml"]
    done = LAUNCHERS[launcher](words, folder, stage.processes)
    table = "\n".join(f"  {name}: {value}" for name, value in swaps.items())
    assert done.returncode == 0, f"{' '.join(words)}\nswapped:\n{table}\n{done.stdout[-2000:]}\n{done.stderr[-6000:]}"
    root = folder / stage.get("trainer.default_root_dir")
    with next(root.glob("logs/version_*/metrics.csv")).open() as file:
        rows = list(csv.DictReader(file))
    return rows, root / "export"


def environment(**variables):
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1", **variables}


def call(command, folder, **variables):
    return subprocess.run(
        command, cwd=folder, env=environment(**variables), capture_output=True, text=True, check=False, timeout=600
    )


def by_lightning(words, folder, processes):
    return call([sys.executable, "-m", "revisual", *words], folder)


def by_torchrun(words, folder, processes):
    return call([*TORCHRUN, "--standalone", f"--nproc-per-node={processes}", "-m", "revisual", *words], folder)


def by_slurm(words, folder, processes):
    """What `srun` starts: as many commands, each with its place in SLURM's variables."""
    command = [sys.executable, "-m", "revisual", *words]
    shared = {
        "SLURM_JOB_ID": "1", "SLURM_JOB_NAME": "stage", "SLURM_NTASKS": str(processes), "SLURM_NNODES": "1",
        "SLURM_NTASKS_PER_NODE": str(processes), "SLURM_NODEID": "0", "SLURM_NODELIST": "localhost",
        "SLURM_JOB_NODELIST": "localhost", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()),
    }  # fmt: skip
    places = [shared | {"SLURM_PROCID": str(k), "SLURM_LOCALID": str(k)} for k in range(processes)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    others = [subprocess.Popen(command, cwd=folder, env=environment(**place), **quiet) for place in places[1:]]
    try:
        done = call(command, folder, **places[0])
        assert done.returncode or [other.wait(120) for other in others] == [0] * len(others)
        return done
    finally:
        for other in others:
            other.kill()


LAUNCHERS = {"lightning": by_lightning, "torchrun": by_torchrun, "SLURM": by_slurm}
