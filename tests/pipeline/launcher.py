"""Stands for `revisual` in tests: makes exports and measurements out of its arguments, and notes how it was called.

`behavior.json` beside the notes says what goes wrong: {"fit second": "fail"}.
"""

import hashlib
import json
import os
import sys
import time
import zipfile
from pathlib import Path


def main(home, command, options):
    folder = Path(options.get("trainer.default_root_dir") or Path(options["out"]).parent)
    stage = folder.parent.name if command == "test" else folder.name
    name = stage.split("_", 1)[-1]
    with (home / "calls.jsonl").open("a") as file:
        call = {"command": command, "name": name, "options": options, "threads": os.environ.get("OMP_NUM_THREADS")}
        file.write(json.dumps(call) + "\n")
    behavior = json.loads((home / "behavior.json").read_text()).get(f"{command} {name}", "")
    print(f"{command} of {name}\r  1%\r100% done")
    folder.mkdir(parents=True, exist_ok=True)
    if behavior == "checkpoint and fail":
        (folder / "logs").mkdir()
        with zipfile.ZipFile(folder / "logs" / "last.ckpt", "w") as archive:
            archive.writestr("last/data.pkl", "weights, lr_schedulers")
    if behavior == "hang":
        (home / "pid").write_text(str(os.getpid()))
        time.sleep(600)
    if behavior == "stop":
        with zipfile.ZipFile(folder / "stopped.ckpt", "w") as archive:
            archive.writestr("stopped/data.pkl", "weights, lr_schedulers")
        return 0
    (folder / "stopped.ckpt").unlink(missing_ok=True)
    if "fail" in behavior:
        sys.exit("RuntimeError: it went wrong")
    if command == "test":
        write_measurement(folder, Path(options["model.init_args.policy.init_args.path"]))
    elif behavior != "no export":
        write_export(folder, options)
    return 0


def write_measurement(folder, policy):
    quality = float((policy / "weights").read_text()) if policy.is_dir() else 0.0
    metrics = {"test/greedy/shapes/accuracy": quality, "test/greedy/all/format": 1.0, "lr": 5.0}
    (folder / "metrics.json").write_text(json.dumps({"metrics": metrics, "peak_memory_mib": 1.0}))
    row = {"id": "s1", "source": "shapes", "question": "Which?", "response": f"q{quality}", "answer": "red"}
    (folder / "responses.jsonl").write_text(json.dumps({**row, "accuracy": quality}) + "\n")


def write_export(folder, options):
    export = Path(options.get("out") or folder / "export")
    export.mkdir(parents=True, exist_ok=True)
    before = Path(options.get("model.init_args.policy.init_args.path", "none")) / "weights"
    (export / "weights").write_text(str(round(float(before.read_text()) + 0.25, 3) if before.exists() else 0.0))
    found = {"weights": hashlib.sha256((export / "weights").read_bytes()).hexdigest()}
    (export / "revisual_manifest.json").write_text(json.dumps(found))
    costs = {"metrics": {"train/loss": 1.0}, "tokens": 100, "peak_memory_mib": 7.0, "peak_gpu_memory_mib": 9.0}
    (folder / "metrics.json").write_text(json.dumps(costs))
    (folder / "metrics.csv").write_text("epoch,step,train/loss\n0,1,2.5\n0,2,1.5\n")


if __name__ == "__main__":
    given = {}
    for word in sys.argv[3:]:
        key, _, value = word.removeprefix("--").partition("=")
        given[key] = [*given.get(key, []), value] if key == "config" else value
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], given))
