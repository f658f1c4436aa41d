"""What every family of models was measured to do, on a tiny policy of each: the table of docs/models.md.

    python benchmarks/families.py [--families NAME...] [--columns NAME...] [--docs]

Gaps are those that the tests have bounds for (tests/models/families): forwards against the stock model's over one row
at a time, and runs against runs. What is measured takes the place of what the result file has of the same families and
columns. `--docs` writes the table and measures nothing. The column `vllm` is measured where it is named, by a Python
that has vLLM (`.ci/engines`), each family in a process of its own; where vLLM does not compute it, its error is kept.
"""

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from quickstart_study import commit, machine

ROOT = Path(__file__).parents[1]
PAGE, RESULT = ROOT / "docs/models.md", ROOT / "benchmarks/results/families.json"
NAMES = {
    "qwen2_vl": "Qwen2-VL", "qwen2_5_vl": "Qwen2.5-VL", "qwen3_vl": "Qwen3-VL, dense",
    "qwen3_vl_moe": "Qwen3-VL with experts", "qwen3_5": "Qwen3.5, Qwen3.6, dense",
    "qwen3_5_moe": "Qwen3.5, Qwen3.6 with experts", "internvl": "InternVL3 (-HF)", "gemma3": "Gemma 3 with pictures",
    "gemma4": "Gemma 4", "glm4v": "GLM-4.1V", "glm46v": "GLM-4.6V", "glm4v_moe": "GLM-4.5V with experts",
    "llava_onevision": "LLaVA-OneVision", "idefics3": "Idefics3, first SmolVLM", "smolvlm": "SmolVLM2",
    "qwen2": "Qwen2, Qwen2.5 (text)", "qwen3": "Qwen3 (text)", "llama": "Llama (text)", "mistral": "Mistral (text)",
    "gemma3_text": "Gemma 3 (text)",
}  # fmt: skip
UNPACKED = {"mistral": "a", "gemma3_text": "a", "qwen3_5": "b", "qwen3_5_moe": "b", "gemma3": "c", "gemma4": "c"}
"""Families of padded rows alone, by the note that says why."""
FORWARDS = {
    "padded": "padded rows",
    "packed": "packed rows",
    "rollouts_padded": "own rollouts, padded",
    "rollouts_packed": "own rollouts, packed",
    "gradient": "gradient of packed rows",
    "vllm": "vLLM's rollouts",
}
RUNS = {"export": "export", "lora": "export of adapters", "resume": "resumed", "ddp": "DDP", "fsdp2": "FSDP2"}
BY_DEFAULT = [name for name in (*FORWARDS, *RUNS) if name != "vllm"]
ENDS_A_RUN = 1e-4
"""Nats at which `EngineCheck` ends a run whose engine and trainer compute in float32."""
OF_PACKED_ROWS = ("packed", "rollouts_packed", "gradient")


def main() -> None:
    """Measure, or write the table of the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", nargs="+", default=list(NAMES), choices=list(NAMES))
    parser.add_argument("--columns", nargs="+", default=BY_DEFAULT, choices=[*FORWARDS, *RUNS])
    parser.add_argument("--docs", action="store_true")
    args = parser.parse_args()
    result = json.loads(RESULT.read_text()) if RESULT.exists() else {"families": {}}
    if not args.docs:
        result |= {"commit": commit(), "machine": machine()}
        with tempfile.TemporaryDirectory() as folder:
            measure(args.families, args.columns, Path(folder), result)
    write_docs(result)


def measure(families: list[str], columns: list[str], folder: Path, result: dict[str, Any]) -> None:
    """Add gaps to the result, by family and column; its file is written after each."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    from conftest import picture_samples
    from models.families.helpers import Made, tiny_folder
    from models.families.runs import one_sided, step_gap, two_processes

    if "vllm" in columns:
        from models.families.vllm_gap import gap_or_error

        for family in families:
            keep(result, family, "vllm", gap_or_error(family))
    if columns == ["vllm"]:
        return
    folders = {family: tiny_folder(family, folder / family) for family in families}
    for name in [name for name in ("ddp", "fsdp2") if name in columns]:
        two = two_processes(list(folders.values()), folder / name, name)
        for family, path in folders.items():
            keep(result, family, name, step_gap(path, one_sided(path, folder / "one"), two[path]))
    for family, path in folders.items():
        made = Made(path, picture_samples())
        for name, gap_of in measurements(made, folder / f"{family}-runs").items():
            if name in columns and not (family in UNPACKED and name in OF_PACKED_ROWS):
                keep(result, family, name, gap_of())


def measurements(made: Any, out: Path) -> dict[str, Callable[[], float]]:
    """Return a function for each column that needs one process alone."""
    from models.families.gaps import gradient_gap, logprob_gap, rollout_gap
    from models.families.runs import exported_gap, resumed_gap

    from revisual.models.inputs import packed_inputs, padded_inputs
    from revisual.models.lora import LoRA

    return {
        "padded": lambda: logprob_gap(made, padded_inputs),
        "packed": lambda: logprob_gap(made, packed_inputs),
        "rollouts_padded": lambda: rollout_gap(made, False)[0],
        "rollouts_packed": lambda: rollout_gap(made, True)[0],
        "gradient": lambda: gradient_gap(made),
        "export": lambda: exported_gap(made, out / "export"),
        "lora": lambda: exported_gap(made, out / "lora", LoRA(2, 8.0)),
        "resume": lambda: resumed_gap(made.folder, out / "resume"),
    }


def keep(result: dict[str, Any], family: str, name: str, gap: float | str) -> None:
    """Put a gap, or the error that stands for it, into the result, and write it."""
    result["families"].setdefault(family, {})[name] = gap
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(family, name, shown(gap), flush=True)


def shown(gap: float | str) -> str:
    """Return a gap in words, or that there is none and why."""
    if isinstance(gap, str):
        return f"no: `{gap}`".replace("|", "\\|")
    return "0" if gap == 0 else f"{gap:.1e}"


def write_docs(result: dict[str, Any]) -> None:
    """Write the result's tables into the page."""
    page = PAGE.read_text()
    for mark, columns in (("forwards", FORWARDS), ("runs", RUNS)):
        rows = [["model", "`model_type`", *columns.values()], ["---"] * (2 + len(columns))]
        for family, title in NAMES.items():
            rows.append([title, f"`{family}`", *(cell(result, family, name) for name in columns)])
        table = "\n".join(f"| {' | '.join(row)} |" if row[0] != "---" else f"|{'|'.join(row)}|" for row in rows)
        text = f"<!-- {mark} -->\n{table}\n<!-- end of {mark} -->"
        page = re.sub(f"<!-- {mark} -->.*<!-- end of {mark} -->", lambda _, text=text: text, page, flags=re.DOTALL)
    PAGE.write_text(re.sub(r"at\ncommit `\S+`", f"at\ncommit `{result['commit']}`", page))


def cell(result: dict[str, Any], family: str, name: str) -> str:
    """Return a gap in words; where there is none, the note that says why."""
    gap = result["families"].get(family, {}).get(name)
    if gap is not None:
        return shown(gap) + (" (e)" if name == "vllm" and isinstance(gap, float) and gap > ENDS_A_RUN else "")
    return f"no ({UNPACKED[family]})" if family in UNPACKED and name in OF_PACKED_ROWS else "(d)"


if __name__ == "__main__":
    main()
